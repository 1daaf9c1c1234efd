# matchering TARGET REFERENCE OUTPUT: the peer of reference matching.
import sys

import matchering

target, reference, output = sys.argv[1:4]
matchering.process(target=target, reference=reference, results=[matchering.pcm24(output)])
