"""A crowd of DHCP clients on one cable: dhcp-crowd.py INTERFACE MODE FIRST_MAC COUNT RATE

MODE discover: each client asks once for an offer and takes none. MODE dora: each goes on until it has its lease.
RATE: newcomers a second. DISCOVERs that nobody answers are sent once more, REQUESTs until they are answered.
Writes a line for each lease when its ACK is here, `ack MAC ADDRESS`, and `all` when everybody has asked. Then newcomers
with further MACs go on coming, unless MODE begins with `only-`. Ends when its standard input does, or at a line there,
after it has read what is waiting on the cable; the last line is `end OFFERS ACKS NAKS`.
"""
import os
import select
import socket
import struct
import sys
import time

COOKIE = bytes.fromhex("63825363")
SERVER_PORT = 67
CLIENT_PORT = 68
ASKS = bytes([55, 4, 1, 3, 66, 150])
END = bytes([255])
TRY_AGAIN_S = 1
MOST_PER_TURN = 50
SO_RCVBUFFORCE = 33
BUFFER = 8 << 20


def main(interface, mode, first, count, rate):
    takes = mode.endswith("dora")
    keeps = not mode.startswith("only-")
    first, count, rate = int(first.replace(":", ""), 16), int(count), float(rate)
    cable = open_cable(interface)
    poll = select.poll()
    poll.register(cable, select.POLLIN)
    poll.register(sys.stdin, select.POLLIN)
    begun = time.monotonic()
    asked, told = 0, False
    again = []
    counts = {2: 0, 5: 0, 6: 0}
    served = set()
    wanted = {}

    def hear():
        for kind, mac, address, server in replies(cable):
            if not first <= mac < first + asked:
                continue
            counts[kind] = counts.get(kind, 0) + 1
            if kind == 2:
                if takes and mac not in served:
                    wanted[mac] = frame(mac, 3, bytes([50, 4]) + address + bytes([54, 4]) + server)
                    cable.send(wanted[mac])
                    again.append((time.monotonic() + TRY_AGAIN_S, mac))
                served.add(mac)
            elif wanted.pop(mac, None) and kind == 5:
                print("ack", shown(mac), socket.inet_ntoa(address), flush=True)

    while True:
        ready = [descriptor for descriptor, _ in poll.poll(5)]
        if sys.stdin.fileno() in ready:
            break
        hear()
        now = time.monotonic()
        due = int((now - begun) * rate) if keeps else min(count, int((now - begun) * rate))
        for _ in range(min(MOST_PER_TURN, due - asked)):
            cable.send(frame(first + asked, 1))
            again.append((now + TRY_AGAIN_S, first + asked))
            asked += 1
        while again and again[0][0] <= now:
            _, mac = again.pop(0)
            if mac in wanted:
                cable.send(wanted[mac])
                again.append((now + TRY_AGAIN_S, mac))
            elif mac not in served:
                cable.send(frame(mac, 1))
        if asked >= count and not told:
            told = True
            print("all", flush=True)
    hear()
    print("end", counts[2], counts[5], counts[6], flush=True)


def open_cable(interface):
    cable = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x0800))
    cable.bind((interface, 0))
    cable.setblocking(False)
    try:
        cable.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, BUFFER)
    except PermissionError:
        cable.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER)
    return cable


def shown(mac):
    return ":".join(f"{byte:02x}" for byte in mac.to_bytes(6, "big"))


def frame(mac, kind, options=b""):
    """A broadcast DISCOVER (1) or REQUEST (3) from a client without address."""
    chaddr = mac.to_bytes(6, "big")
    head = struct.pack("!4BIHH16x", 1, 1, 6, 0, mac & 0xFFFFFFFF, 0, 0) + chaddr + bytes(202)
    dhcp = head + COOKIE + bytes([53, 1, kind]) + options + ASKS + END
    udp = struct.pack("!4H", CLIENT_PORT, SERVER_PORT, 8 + len(dhcp), 0) + dhcp
    ip = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(udp), 0, 0, 64, 17, 0, bytes(4), b"\xff" * 4)
    ip = ip[:10] + struct.pack("!H", checksum(ip)) + ip[12:]
    return b"\xff" * 6 + chaddr + b"\x08\x00" + ip + udp


def checksum(head):
    total = sum(struct.unpack(f"!{len(head) // 2}H", head))
    total = (total & 0xFFFF) + (total >> 16)
    return ~((total & 0xFFFF) + (total >> 16)) & 0xFFFF


def replies(cable):
    """What waits on the cable for clients: kind, MAC, address and server."""
    while True:
        try:
            data = cable.recv(2048)
        except BlockingIOError:
            return
        start = 14 + (data[14] & 15) * 4
        if data[23] != 17 or struct.unpack_from("!HH", data, start) != (SERVER_PORT, CLIENT_PORT):
            continue
        dhcp = data[start + 8 :]
        options = read_options(dhcp[240:])
        yield options[53][0], int.from_bytes(dhcp[28:34], "big"), dhcp[16:20], options.get(54, bytes(4))


def read_options(data):
    options, at = {}, 0
    while at < len(data) and data[at] != 255:
        options[data[at]] = data[at + 2 : at + 2 + data[at + 1]]
        at += 2 + data[at + 1]
    return options


os.set_blocking(sys.stdout.fileno(), True)
main(*sys.argv[1:])
