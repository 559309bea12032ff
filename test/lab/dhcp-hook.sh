#!/bin/sh
# What udhcpc got, as NAME=VALUE lines in the file that LEASE names; the interface takes the address.
[ "$1" = bound ] || [ "$1" = renew ] || exit 0
env | sort >"$LEASE"
ip address replace "$ip/$mask" dev "$interface"
