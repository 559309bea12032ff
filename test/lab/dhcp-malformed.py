"""Sends the DHCP door what no sound client sends, and shows what comes back: dhcp-malformed.py INTERFACE.

Each probe goes out as an Ethernet frame, and behind it a sound client gets its lease. The door answers in order and
stores in order, so what has not come before that lease does not come. Writes one JSON object: replies by the name of the probe.
"""
import json
import random
import sys
import time

from scapy.all import BOOTP, DHCP, IP, UDP, Ether, Raw, conf

COOKIE = bytes.fromhex("63825363")
DISCOVER = bytes([53, 1, 1])
REQUEST = bytes([53, 1, 3])
ASKS = bytes([55, 4, 1, 3, 66, 150])
END = bytes([255])
PATIENCE_S = 10

numbers = iter(range(1, 10_000))


class Line:
    """The cable: frames out, replies in."""

    def __init__(self, interface):
        self.socket = conf.L2socket(iface=interface, filter="udp and src port 67")

    def exchange(self, *frames):
        """Sends the frames, and a sound client behind them; gives the replies that came before its lease."""
        for frame in frames:
            self.socket.send(frame)
        last = new_mac(0xFE)
        self.socket.send(discover(DISCOVER + ASKS + END, last))
        replies = []
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline:
            reply = self.socket.recv()
            if reply is None or BOOTP not in reply or reply[BOOTP].op != 2:
                continue
            if bytes(reply[BOOTP].chaddr[:6]) != last:
                replies.append(reply)
            elif type_of(reply) == b"\x02":
                self.socket.send(request(last, reply[BOOTP].yiaddr))
            else:
                return replies
        raise SystemExit("a sound client gets no lease any more")


def new_mac(kind=0):
    """Locally administered, never used before."""
    number = next(numbers)
    return bytes([2, 0, 0, kind, number >> 8, number & 255])


def text(mac):
    return ":".join(f"{byte:02x}" for byte in mac)


def bootp(mac, options, cookie=COOKIE, **fields):
    """A BOOTP message with those bytes as its options."""
    fields = {"op": 1, "htype": 1, "hlen": 6, "xid": next(numbers), "chaddr": mac, **fields}
    return bytes(BOOTP(options=cookie, **fields)) + options


def frame_of(mac, payload, source="0.0.0.0", target="255.255.255.255", port=68):
    return (
        Ether(src=text(mac), dst="ff:ff:ff:ff:ff:ff")
        / IP(src=source, dst=target)
        / UDP(sport=port, dport=67)
        / Raw(payload)
    )


def type_of(frame):
    """Option 53, which our server puts first."""
    raw = bytes(frame[BOOTP].payload)
    return raw[2:3] if raw[:2] == bytes([53, 1]) else b""


def shown(frame):
    """What the tests look at."""
    packet = frame[BOOTP]
    options = {}
    codes = []
    raw = bytes(packet.payload)
    at = 0
    while at < len(raw) and raw[at] != 255:
        code, length = raw[at], raw[at + 1]
        codes.append(code)
        options[code] = options.get(code, "") + raw[at + 2 : at + 2 + length].hex()
        at += 2 + length
    return {
        "type": {"02": "offer", "05": "ack", "06": "nak", "": "bootp"}[options.get(53, "")],
        "to": f"{frame.dst} {frame[IP].dst}:{frame[UDP].dport}",
        "from": f"{frame[IP].src}:{frame[UDP].sport}",
        "hlen": packet.hlen,
        "htype": packet.htype,
        "chaddr": bytes(packet.chaddr[: packet.hlen]).hex(),
        "xid": packet.xid,
        "secs": packet.secs,
        "hops": packet.hops,
        "flags": int(packet.flags),
        "ciaddr": packet.ciaddr,
        "yiaddr": packet.yiaddr,
        "siaddr": packet.siaddr,
        "giaddr": packet.giaddr,
        "length": frame[UDP].len - 8,
        "codes": codes,
        "options": options,
    }


def discover(options=DISCOVER + ASKS + END, mac=None, frame=None, **fields):
    mac = new_mac() if mac is None else mac
    return frame_of(mac, bootp(mac, options, **fields), **(frame or {}))


def client_id(value):
    return bytes([61, len(value)]) + value


def address(code, dotted):
    return bytes([code, 4]) + bytes(int(part) for part in dotted.split("."))


def request(mac, given):
    return discover(REQUEST + address(50, given) + address(54, SERVER) + ASKS + END, mac)


def take(line, wanted=None):
    """A sound client with a lease: its MAC and its address."""
    mac = new_mac(1)
    options = DISCOVER + ASKS + (b"" if wanted is None else address(50, wanted)) + END
    [offer] = line.exchange(discover(options, mac))
    line.exchange(request(mac, offer[BOOTP].yiaddr))
    return mac, offer[BOOTP].yiaddr


def reboot(wanted, mac=None):
    """INIT-REBOOT: a client that remembers an address."""
    return discover(REQUEST + address(50, wanted) + ASKS + END, mac)


def rebooted(line):
    mac, given = take(line)
    return [reboot(given, mac)]


def rebooted_as_another(line):
    return [reboot(take(line)[1])]


def rebinding(line):
    mac, given = take(line, HERE)
    return [discover(REQUEST + ASKS + END, mac, ciaddr=given)]


def relayed(giaddr, **fields):
    return discover(DISCOVER + ASKS + AGENT + END, giaddr=giaddr, **fields)


def cut(length):
    """A sound DISCOVER of which only so many bytes came."""
    mac = new_mac()
    return frame_of(mac, bootp(mac, DISCOVER + END)[:length])


def noise(count):
    """Datagrams of anything, the same in each run; half of them with a sound head and a random rest."""
    chance = random.Random(7)
    frames = []
    for number in range(count):
        mac = new_mac(2)
        junk = bytes(chance.randrange(256) for _ in range(chance.randrange(400)))
        frames.append(frame_of(mac, junk if number % 2 else bootp(mac, b"")[:240] + junk))
    return frames


SERVER = "10.99.0.1"
# This address is ours: what is sent to it arrives.
HERE = "10.99.0.245"
AGENT = bytes([82, 6, 1, 4]) + b"sw:1"
BOOTP_MAC = bytes.fromhex("805ec0000b01")
LONG = bytes([60, 255]) + b"v" * 255 + bytes([55, 255]) + bytes(range(255))

# What makes the frames of each probe; the last one is the question.
PROBES = {
    "plain": lambda line: [discover()],
    "broadcast flag": lambda line: [discover(flags=0x8000)],
    "header": lambda line: [discover(hops=3, secs=17, ciaddr="10.99.0.77", yiaddr="10.99.0.78")],
    "from port 1068": lambda line: [discover(frame={"port": 1068})],
    "client-id": lambda line: [discover(DISCOVER + client_id(b"\x00phone") + END)],
    "request to another server": lambda line: [
        discover(REQUEST + address(50, "10.99.0.70") + address(54, "10.99.9.9") + END)
    ],
    "reboot unknown": lambda line: [reboot("10.99.0.240")],
    "reboot other subnet": lambda line: [reboot("192.168.1.5")],
    "reboot own": rebooted,
    "reboot of another": rebooted_as_another,
    "rebinding": rebinding,
    "inform": lambda line: [discover(bytes([53, 1, 8]) + ASKS + END, ciaddr=HERE, frame={"source": HERE})],
    "inform from elsewhere": lambda line: [discover(bytes([53, 1, 8]) + ASKS + END, ciaddr="192.168.5.5")],
    "bad cookie": lambda line: [discover(cookie=b"\x63\x82\x53\x64")],
    "no message type": lambda line: [discover(ASKS + END)],
    "reserved, no message type": lambda line: [discover(END, BOOTP_MAC)],
    "no end": lambda line: [discover(DISCOVER + ASKS)],
    "overrun": lambda line: [discover(DISCOVER + ASKS + bytes([12, 40]) + b"short")],
    "code without length": lambda line: [discover(DISCOVER + ASKS + bytes([12]))],
    "zero lengths": lambda line: [discover(DISCOVER + bytes([12, 0, 55, 0, 60, 0, 61, 0]) + END)],
    "every code empty": lambda line: [
        discover(DISCOVER + b"".join(bytes([c, 0]) for c in range(1, 255) if c not in (53, 82)) + END)
    ],
    "type of two bytes": lambda line: [discover(bytes([53, 2, 1, 9]) + ASKS + END)],
    "type of no byte": lambda line: [discover(bytes([53, 0]) + ASKS + END)],
    "type 99": lambda line: [discover(bytes([53, 1, 99]) + END)],
    "type ack": lambda line: [discover(bytes([53, 1, 5]) + END)],
    "pads": lambda line: [discover(bytes(40) + DISCOVER + bytes(50) + ASKS + bytes(3) + END + bytes(60))],
    "type in file": lambda line: [discover(bytes([52, 1, 1]) + ASKS + END, file=DISCOVER + END)],
    "type in sname": lambda line: [discover(bytes([52, 1, 2]) + ASKS + END, sname=DISCOVER + END)],
    "overload 77": lambda line: [discover(DISCOVER + bytes([52, 1, 77]) + ASKS + END)],
    "split list": lambda line: [discover(DISCOVER + bytes([55, 2, 1, 66, 55, 1, 150]) + END)],
    "hlen 0": lambda line: [discover(hlen=0)],
    "hlen 0 with client-id": lambda line: [discover(DISCOVER + client_id(b"\x00nobody") + END, hlen=0)],
    "hlen 16": lambda line: [discover(hlen=16, chaddr=bytes(range(1, 17)))],
    "hlen 200": lambda line: [discover(hlen=200)],
    "infiniband": lambda line: [
        discover(DISCOVER + client_id(b"\xff" + bytes(15) + b"\x01") + END, htype=32, hlen=0, flags=0x8000)
    ],
    "chaddr zero": lambda line: [discover(chaddr=bytes(6))],
    "chaddr broadcast": lambda line: [discover(chaddr=b"\xff" * 6)],
    "chaddr group": lambda line: [discover(chaddr=bytes.fromhex("01005e000001"))],
    "op 2": lambda line: [discover(op=2)],
    "240 bytes": lambda line: [discover(b"")],
    "cut at 100": lambda line: [cut(100)],
    "cut at 239": lambda line: [cut(239)],
    "empty": lambda line: [cut(0)],
    "maximum 300": lambda line: [discover(DISCOVER + bytes([57, 2, 1, 44]) + ASKS + END)],
    "maximum of one byte": lambda line: [discover(DISCOVER + bytes([57, 1, 9]) + ASKS + END)],
    "giaddr elsewhere": lambda line: [relayed("172.16.1.1")],
    "giaddr broadcast": lambda line: [relayed("255.255.255.255")],
    "giaddr loopback": lambda line: [relayed("127.0.0.1")],
    "giaddr group": lambda line: [relayed("224.0.0.1")],
    "giaddr the server": lambda line: [relayed(SERVER)],
    "giaddr subnet": lambda line: [relayed("10.99.0.0")],
    "hops 17": lambda line: [relayed(HERE, hops=17)],
    "relayed": lambda line: [relayed(HERE, hops=1)],
    "option 82 first": lambda line: [discover(AGENT + DISCOVER + ASKS + END, giaddr=HERE)],
    "option 82 overrun": lambda line: [discover(DISCOVER + bytes([82, 3, 1, 9, 65]) + END, giaddr=HERE)],
    "option 82 without relay": lambda line: [discover(DISCOVER + ASKS + bytes([55, 1, 242]) + AGENT + END)],
    "long": lambda line: [discover(DISCOVER + LONG + END)],
    "wrong lengths": lambda line: [
        discover(DISCOVER + bytes([50, 3, 1, 2, 3, 54, 5, 1, 2, 3, 4, 5, 51, 1, 9, 118, 2, 1, 1]) + END)
    ],
    "noise": lambda line: noise(200),
}


def asker(frame):
    """Who the last frame of a probe says it is, if it comes to that."""
    chaddr = bytes(frame[UDP].payload)[28:34]
    return text(chaddr) if len(chaddr) == 6 else None


def main(interface):
    line = Line(interface)
    results = {}
    for name, make in PROBES.items():
        frames = make(line)
        replies = [shown(reply) for reply in line.exchange(*frames)]
        results[name] = {"mac": asker(frames[-1]), "replies": replies}
    print(json.dumps(results))


main(sys.argv[1])
