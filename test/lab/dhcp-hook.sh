#!/bin/sh
# What udhcpc got, as NAME=VALUE lines in the file that LEASE names; the interface takes the address.
[ "$1" = bound ] || [ "$1" = renew ] || exit 0
ip address replace "$ip/$mask" dev "$interface"
# Whoever finds the file finds it whole.
env | sort >"$LEASE.new"
mv "$LEASE.new" "$LEASE"
