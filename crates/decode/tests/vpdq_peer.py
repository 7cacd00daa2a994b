"""What the vpdq wheel says of clips, and what Meta's matcher says of ours beside it.

Arguments: clips. For each a file `CLIP.ours` with our lines (`number,quality,hash,seconds`) lies beside it. One line of JSON for each
clip: the wheel's `lines` in the same form, `compact` as python-threatexchange passes it on, and the shares that its matcher sees
of either in the other.
"""
import json
import pathlib
import sys

import vpdq
from threatexchange.extensions.vpdq.vpdq import VPDQSignal
from threatexchange.extensions.vpdq.vpdq_util import VpdqCompactFeature, vpdq_to_json

for clip in sys.argv[1:]:
    theirs = vpdq.computeHash(clip, seconds_per_hash=1)
    lines = [f"{one.frame_number},{one.quality},{one.hex},{one.timestamp:.3f}" for one in theirs]
    compact = vpdq_to_json([VpdqCompactFeature.from_vpdq_feature(one) for one in theirs])
    ours = []
    for line in pathlib.Path(clip + ".ours").read_text().splitlines():
        _, quality, hash, seconds = line.split(",")
        ours.append(VpdqCompactFeature(hash, int(quality), float(seconds)))
    match = VPDQSignal.compare_hash(vpdq_to_json(ours), compact)
    shares = [match.distance.query_match_percent, match.distance.compared_match_percent]
    print(json.dumps({"lines": lines, "compact": json.loads(compact), "shares": shares}))
