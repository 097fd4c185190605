# Counts what goes over every port of this namespace, a bridge's forwarded packets included, and how often any of the given byte strings (hex) is in it. Ends with its standard input.
#   python3 capture.py HEX…
import json, select, socket, sys
tap = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
wanted = [bytes.fromhex(one) for one in sys.argv[1:]]
seen, found = 0, [0] * len(wanted)
print(json.dumps({'ready': True}), flush=True)
while True:
    readable, _, _ = select.select([tap, sys.stdin], [], [])
    if sys.stdin in readable:
        break
    packet = tap.recv(65536)
    seen += len(packet)
    for i, one in enumerate(wanted):
        found[i] += one in packet
print(json.dumps({'seen': seen, 'found': found}), flush=True)
