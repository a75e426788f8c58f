#!/bin/sh
# curl --parallel with the list of requests prepared beforehand. Reads no manifest, keeps no state, flushes nothing, and
# throws the ids away.
# usage: curl.sh CONFIG
exec curl --silent --parallel --parallel-immediate --parallel-max 10 --config "$1"
