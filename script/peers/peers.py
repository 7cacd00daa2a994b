"""What script/bench-peers prints: each comparison in one run, our figure beside the peers'.

Times of a picture are the least of several rounds, ours and theirs in turns for each picture, and the median over the
pictures counts. Times of hashing and matching are CPU times of one thread, pinned to one processor: other work on the
machine stretches time on the wall, and that of a long look more than that of a short one. Nothing is asserted.
"""

import argparse, json, os, pathlib, pickle, statistics, subprocess, sys, time

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy

import films

ROOT = pathlib.Path(__file__).resolve().parents[2]
TANOD = ROOT / "target/release/tanod"
META = ROOT / "target/peers-meta/meta"
PICTURES = ROOT / "target/peers-pictures"
WITHIN = 31
LOWER_BOUND = "threatexchange in process, a lower bound of HMA"
asked = None


def say(words):
    print(words, file=sys.stderr, flush=True)


# -- rows


class Rows:
    def __init__(self):
        self.all = []

    def add(self, name, ours, peer, unit, target, more_is_better=False, reached=None):
        """`reached` says whether the target is reached, from ours and the ratio; a number is the least ratio."""
        ratio = None
        if peer is not None and ours and peer:
            ratio = ours / peer if more_is_better else peer / ours
        if reached is None:
            met = None
        elif callable(reached):
            met = bool(reached(ours, ratio))
        else:
            met = None if ratio is None else ratio >= reached
        short = lambda value: None if value is None else float(f"{value:.4g}")
        row = {"name": name, "ours": short(ours), "peer": short(peer), "unit": unit, "ratio": short(ratio), "target": target}
        self.all.append((row, met))
        say(f"  {name}: {row['ours']} against {row['peer']} {unit}")
        if asked.json:
            print(json.dumps(row, ensure_ascii=False), flush=True)

    def table(self):
        head = ("what", "ours", "peer", "unit", "ratio", "target", "reached")
        cells = [head]
        for row, met in self.all:
            ratio = "–" if row["ratio"] is None else f"{row['ratio']:.3g}×"
            number = lambda value: "–" if value is None else f"{value:,.4g}"
            verdict = {None: "–", True: "yes", False: "NO"}[met]
            cells.append((row["name"], number(row["ours"]), number(row["peer"]), row["unit"], ratio, row["target"], verdict))
        widths = [max(len(line[n]) for line in cells) for n in range(len(head))]
        for line in cells:
            print("  ".join(cell.ljust(width) if n in (0, 3, 5) else cell.rjust(width) for n, (cell, width) in enumerate(zip(line, widths))))


def tanod(*words):
    """The rows that a command of ours says with --json. One that found something wrong says so and is still read."""
    done = subprocess.run([TANOD, *map(str, words), "--json"], stdout=subprocess.PIPE, check=False, env={"PATH": os.environ["PATH"]})
    rows = [json.loads(line) for line in done.stdout.decode().splitlines() if line.startswith("{")]
    if not rows:
        raise SystemExit(f"tanod {' '.join(map(str, words))} ended with {done.returncode} and said nothing")
    if done.returncode != 0:
        say(f"  NOT as it should be: tanod {' '.join(map(str, words))}: {rows[-1]}")
    return rows


def pinned(*words):
    return subprocess.run(["taskset", "-c", "0", *map(str, words)], stdout=subprocess.PIPE, check=True).stdout.decode()


# -- pictures


def noise(rng, width, height, octaves):
    """Smooth noise of several sizes, from -1 to 1 or so."""
    from PIL import Image

    total = numpy.zeros((height, width), numpy.float32)
    weight = 0.5
    for octave in range(octaves):
        cells = 4 << octave
        small = rng.random((max(2, cells * height // width), cells), dtype=numpy.float32) * 2 - 1
        total += weight * numpy.asarray(Image.fromarray(small).resize((width, height), Image.Resampling.BICUBIC))
        weight *= 0.6
    return total


def scene(seed, width, height):
    """Something like a photograph: a sky, a ground, things before them, texture, grain."""
    from PIL import Image

    rng = numpy.random.default_rng(seed)
    v, u = numpy.mgrid[0:1 : complex(height), 0:1 : complex(width)].astype(numpy.float32)
    rough, fine = noise(rng, width, height, 5), noise(rng, width, height, 9)
    sky = (v < rng.uniform(0.3, 0.6) + 0.15 * rough)[..., None]
    colour = lambda least, most: rng.uniform(least, most, 3).astype(numpy.float32)
    picture = numpy.where(sky, colour(120, 230) - 70 * v[..., None] + 50 * rough[..., None], colour(40, 150) + 110 * fine[..., None])
    for _ in range(int(rng.integers(5, 12))):
        x, y, across, down = rng.uniform(0.1, 0.9), rng.uniform(0.3, 0.9), rng.uniform(0.04, 0.2), rng.uniform(0.05, 0.25)
        a, b = (u - x) / across, (v - y) / down
        inside = (a * a + b * b < 1 if rng.random() < 0.6 else (abs(a) < 1) & (abs(b) < 1))[..., None]
        picture = numpy.where(inside, colour(20, 230) * (1 - 0.2 * (a + b))[..., None] + 60 * fine[..., None], picture)
    picture += rng.normal(0, 2.5, (height, width, 1)).astype(numpy.float32)
    return Image.fromarray(picture.clip(0, 255).astype(numpy.uint8))


def pictures():
    """Files by size: generated scenes, and packaged photographs brought to that size; 4:2:0, quality 90."""
    from PIL import Image

    counts = {"12 MP": (4000, 3000, 2 if asked.quick else 4), "2 MP": (1632, 1224, 4), "0.3 MP": (640, 480, 8), "512²": (512, 512, 24)}
    files = {}
    photographs = sorted((ROOT / "target/photographs").glob("*"))
    for size, (width, height, count) in counts.items():
        folder = PICTURES / f"{width}x{height}"
        folder.mkdir(parents=True, exist_ok=True)
        wanted = {}
        for n in range(count):
            wanted[folder / f"scene-{n}.jpg"] = lambda n=n: scene(n, width, height)
        for path in photographs[: 8 if width < 1000 else 4] if width != 512 else photographs:
            wanted[folder / f"photograph-{path.stem}.jpg"] = lambda path=path: Image.open(path).convert("RGB").resize((width, height))
        for path, make in wanted.items():
            if not path.exists():
                make().save(path, quality=90, subsampling="4:2:0")
        files[size] = sorted(wanted)
        mean = sum(path.stat().st_size for path in wanted) / len(wanted)
        say(f"{size}: {len(wanted)} pictures of {mean / 1024:.0f} KB on average")
    return files


# -- hashing


def least(rounds, work):
    best = float("inf")
    for _ in range(rounds):
        begin = time.process_time()
        work()
        best = min(best, time.process_time() - begin)
    return best * 1e6


def hashing(rows, files):
    from threatexchange.signal_type.pdq.pdq_hasher import pdq_from_bytes

    targets = {"12 MP": (40, 60, 4.5), "2 MP": (29, 40, 4), "0.3 MP": (11, 20, 7)}
    bits = lambda one, other: (int(one, 16) ^ int(other, 16)).bit_count()
    for size, (least_ratio, aim, meta_ratio) in targets.items():
        ours, exact, turned, theirs, meta, fast_bits, exact_bits = [], [], [], [], [], [], []
        rounds = 3 if size == "12 MP" else 7
        for path in files[size]:
            data = path.read_bytes()
            theirs.append(least(max(1, rounds // 2) if asked.quick else rounds, lambda: pdq_from_bytes(data)))
            hash, quality = pdq_from_bytes(data)
            look = lambda *words: json.loads(pinned(TANOD, "bench", "hash", "--json", "--rounds", rounds * 3, "--pictures", path, *words).splitlines()[0])
            for words, times, distances in (((), ours, fast_bits), (("--exact",), exact, exact_bits), (("--turned",), turned, [])):
                said = look(*words)
                times.append(said["least_us"])
                if quality >= 50:
                    distances.append(bits(said["hash"], hash))
            if META.exists():
                meta.append(float(pinned(META, rounds, path)))
        ms = lambda times: statistics.median(times) / 1e3 if times else None
        rows.add(f"PDQ of a JPEG of {size}, decoding included, against threatexchange", ms(ours), ms(theirs), "ms", f"≥ {least_ratio}×, then {aim}×", reached=least_ratio)
        goal = ("≥ 6×", 6) if size == "12 MP" else ("", None)
        rows.add(f"the same to the last bit, against threatexchange", ms(exact), ms(theirs), "ms", goal[0], reached=goal[1])
        rows.add(f"the same, against Meta's C++ with libjpeg (its 512-pixel definition)", ms(ours), ms(meta), "ms", f"≥ {meta_ratio}×", reached=meta_ratio)
        more = statistics.median(t / o for t, o in zip(turned, ours))
        rows.add(f"all eight orientations of {size} against one (peer: ours, one)", ms(turned), ms(ours), "ms", "< 3 % more", reached=lambda _ours, _ratio: more < 1.03)
        rows.add(f"bits from threatexchange's hash, most, {size}", max(fast_bits, default=0), None, "bits", "≤ 24", reached=lambda ours, _: ours <= 24)
        rows.add(f"bits from threatexchange's hash to the last bit, most, {size}", max(exact_bits, default=0), None, "bits", "0", reached=lambda ours, _: ours == 0)


# -- matching


def memory():
    for line in open("/proc/self/status"):
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024


def planted(rng, hashes, count):
    """Queries, half of them near an entry at distances from 0 to the threshold."""
    queries = rng.integers(0, 256, (count, 32), dtype=numpy.uint8)
    own = {}
    for n in range(0, count, 2):
        entry = int(rng.integers(0, len(hashes)))
        bits = numpy.unpackbits(hashes[entry])
        bits[rng.permutation(256)[: rng.integers(0, WITHIN + 1)]] ^= 1
        queries[n] = numpy.packbits(bits)
        own[n] = entry
    return queries, own


def peer_index(kind, entries, queries):
    """Runs in a process of its own, so that its memory can be told. The last line is the result."""
    rng = numpy.random.default_rng(entries)
    hashes = rng.integers(0, 256, (entries, 32), dtype=numpy.uint8)
    asked_for, own = planted(rng, hashes, queries)
    if kind == "threatexchange":
        from threatexchange.signal_type.pdq.pdq_index import PDQIndex

        pairs = [(hash.tobytes().hex(), n) for n, hash in enumerate(hashes)]
        before, begin = memory(), time.process_time()
        index = PDQIndex(pairs)
        build = time.process_time() - begin
        # Its own copy of every hash and entry is in the list of pairs that it keeps.
        texts = [hash.tobytes().hex() for hash in asked_for]
        ask = lambda n: [found.metadata for found in index.query(texts[n])]
        used = memory() - before
    else:
        import faiss

        faiss.omp_set_num_threads(1)
        before, begin = memory(), time.process_time()
        index = faiss.IndexBinaryMultiHash(256, 16, 16)
        index.add(hashes)
        build = time.process_time() - begin
        index.nflip = 1
        used = memory() - before

        def ask(n):
            limits, _, ids = index.range_search(asked_for[n : n + 1], WITHIN + 1)
            return ids[limits[0] : limits[1]].tolist()

    for n in range(min(50, queries)):
        ask(n)
    times, found, cpu = [], 0, time.process_time()
    for n in range(queries):
        begin = time.process_time()
        hits = ask(n)
        times.append((time.process_time() - begin) * 1e6)
        found += n in own and own[n] in hits
    cpu = time.process_time() - cpu
    whole = memory()
    load = None
    if kind == "threatexchange":
        stored = pickle.dumps(index)
        loads = []
        for _ in range(3):
            begin = time.process_time()
            pickle.loads(stored)
            loads.append(time.process_time() - begin)
        load = sorted(loads)[1]
    times.sort()
    print(json.dumps({
        "p50_us": times[len(times) // 2], "p99_us": times[min(len(times) - 1, len(times) * 99 // 100)], "recall": found / len(own),
        "bytes_per_entry": used / entries, "build_s": build, "load_s": load, "per_cpu_s": queries / cpu, "resident_mb": whole / 2**20,
    }))


def peer(kind, entries, queries):
    say(f"{kind}, {entries:,} entries")
    words = [sys.executable, __file__, "--index", kind, "--entries", entries, "--queries", queries]
    return json.loads(pinned(*words).splitlines()[-1])


def free_gigabytes():
    for line in open("/proc/meminfo"):
        if line.startswith("MemAvailable:"):
            return int(line.split()[1]) / 2**20


def matching(rows):
    """What the peers took at 1 M entries (100 k when quick), for the comparisons of the whole."""
    sizes = [(100_000, "100 k", 7, 30, 4_000), (1_000_000, "1 M", 45, 20, 2_000)]
    if not asked.quick:
        sizes.append((10_000_000, "10 M", 180, 200, 400))
    theirs = None
    for entries, words, p50, ratio, queries in sizes:
        need = 1.5 * entries / 1e6
        if free_gigabytes() < need:
            say(f"left out: {words} entries need {need:.0f} GB of free memory")
            continue
        kind = "FAISS MultiHash" if entries > 1_000_000 else "threatexchange"
        other = peer("faiss" if entries > 1_000_000 else "threatexchange", entries, queries)
        if entries <= 1_000_000:
            theirs = other
        ours = json.loads(pinned(TANOD, "bench", "match", "--json", "--entries", entries, "--queries", 4_000).splitlines()[-1])
        if not ours["ok"]:
            say(f"  NOT as it should be: {ours}")
        asked_ours, snapshot, changes = ours["queries"], ours["snapshot"], ours["changes"]
        recall = 1 - asked_ours["wrong"] / (2 * asked_ours["asked"])
        rows.add(f"all within {WITHIN} among {words}, p50, against {kind}", asked_ours["cpu_p50_us"], other["p50_us"], "µs", f"≤ {p50} µs, ≥ {ratio}×",
                 reached=lambda ours, r, p50=p50, ratio=ratio: ours <= p50 and r >= ratio)
        rows.add(f"the same, p99, against {kind}", asked_ours["cpu_p99_us"], other["p99_us"], "µs", "≤ 350 µs" if entries > 1_000_000 else "",
                 reached=(lambda ours, _: ours <= 350) if entries > 1_000_000 else None)
        rows.add(f"answers that are right among {words}, against {kind}'s recall", 100 * recall, 100 * other["recall"], "%", "100 %", more_is_better=True, reached=lambda ours, _: ours == 100)
        rows.add(f"memory of the index, {words}, against {kind}", ours["resident_bytes_per_entry"], other["bytes_per_entry"], "bytes an entry", "≤ 130" if entries > 1_000_000 else "",
                 reached=(lambda ours, _: ours <= 130) if entries > 1_000_000 else None)
        rows.add(f"building {words}, against {kind}", ours["build_cpu_s"], other["build_s"], "s", "≤ 8 s" if entries > 1_000_000 else "", reached=(lambda ours, _: ours <= 8) if entries > 1_000_000 else None)
        rows.add(f"loading {words} from its snapshot, the middle of three, against {kind}", snapshot["load_cpu_s"], other["load_s"], "s", "≤ 2 s" if entries > 1_000_000 else "", reached=(lambda ours, _: ours <= 2) if entries > 1_000_000 else None)
        rows.add(f"an added entry matches at {words}; peer: {kind} built anew, as HMA does, a lower bound of its wait", changes["added_matches_ms"], other["build_s"] * 1e3, "ms", "≤ 100 ms", reached=lambda ours, _: ours <= 100)
        rows.add(f"the slowest query at {words} while entries change and the head is folded", changes["max_ms_meanwhile"], None, "ms", "≤ 5 ms", reached=lambda ours, _: ours <= 5)
    return theirs


# -- the service


def peer_items(entries, files):
    """CPU milliseconds of decoding, hashing and looking up in process, for each file."""
    from threatexchange.signal_type.pdq.pdq_hasher import pdq_from_bytes
    from threatexchange.signal_type.pdq.pdq_index import PDQIndex

    hashes = numpy.random.default_rng(1).integers(0, 256, (entries, 32), dtype=numpy.uint8)
    index = PDQIndex([(hash.tobytes().hex(), n) for n, hash in enumerate(hashes)])
    data = [pathlib.Path(file).read_bytes() for file in files]
    times = []
    for round in range(6):
        for file in data:
            begin = time.process_time()
            index.query(pdq_from_bytes(file)[0])
            if round > 0:
                times.append((time.process_time() - begin) * 1e3)
    print(json.dumps({"ms": statistics.mean(times), "p99_ms": sorted(times)[len(times) * 99 // 100]}))


def service(rows, files, theirs):
    entries = 100_000 if asked.quick else 500_000
    words = f"{entries // 1000} k entries"
    say(f"the service, {words}")
    folder = files["512²"][0].parent
    ours = tanod("bench", "load", "--entries", entries, "--seconds", 3 if asked.quick else 10, "--pictures", folder)[-1]
    say("threatexchange on the same pictures")
    run = [sys.executable, __file__, "--items", entries, *map(str, files["512²"])]
    other = json.loads(pinned(*run).splitlines()[-1])
    items = ours["items"]
    rows.add(f"POST /v1/items, 512², {words}, CPU of all processes; peer: {LOWER_BOUND}", items["cpu_ms_per_item"], other["ms"], "ms an item", "≤ 1.6 ms", reached=lambda ours, _: ours <= 1.6)
    rows.add(f"the same at half load, p99 from the intended time; peer: p99 of {LOWER_BOUND}", items["p99_ms"], other["p99_ms"], "ms", "≤ 15 ms", reached=lambda ours, _: ours <= 15)
    rows.add("planted uploads found", 100 * items["recall"], None, "%", "100 %", reached=lambda ours, _: ours == 100 and items["ok"])
    if not asked.quick:
        entries, words = 1_000_000, "1 M entries"
        say(f"the service, {words}")
        ours = tanod("bench", "load", "--entries", entries, "--seconds", 10, "--pictures", folder)[-1]
    theirs = theirs or peer("threatexchange", entries, 2_000)
    matches = ours["matches"]
    rows.add(f"POST /v1/matches, {words}, in batches; peer: {LOWER_BOUND}", matches["lookups_per_cpu_s"], theirs["per_cpu_s"], "look-ups a CPU second", "≥ 40×", more_is_better=True, reached=40)
    rows.add("planted hashes found", 100 * matches["recall"], None, "%", "100 %", reached=lambda ours, _: ours == 100 and matches["ok"])
    rows.add(f"resident memory of the service, {words}; peer: a Python process with threatexchange's index", ours["items"]["rss_main_mb"], theirs["resident_mb"], "MB", "≤ 200 MB", reached=lambda ours, _: ours <= 200)
    rows.add(f"an added entry matches, {words}, over HTTP; peer: threatexchange built anew, a lower bound of HMA's wait", ours["added_matches_ms"], theirs["build_s"] * 1e3, "ms", "", reached=None)


def main():
    global asked
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--json", action="store_true", help="one row a line as JSON instead of a table")
    words.add_argument("--quick", action="store_true", help="smaller lists, fewer pictures")
    words.add_argument("--only", choices=["hash", "match", "load", "films"], help="one part alone")
    words.add_argument("--index", help=argparse.SUPPRESS)
    words.add_argument("--entries", type=int, help=argparse.SUPPRESS)
    words.add_argument("--queries", type=int, help=argparse.SUPPRESS)
    words.add_argument("--items", nargs="+", help=argparse.SUPPRESS)
    asked = words.parse_args()
    if asked.index:
        return peer_index(asked.index, asked.entries, asked.queries)
    if asked.items:
        return peer_items(int(asked.items[0]), asked.items[1:])
    rows = Rows()
    theirs = None
    files = pictures() if asked.only not in ("match", "films") else {}
    if not META.exists():
        say("left out: Meta's C++, for it is not in target/peers-meta")
    if asked.only in (None, "hash"):
        everywhere = os.sched_getaffinity(0)
        os.sched_setaffinity(0, {0})
        hashing(rows, files)
        os.sched_setaffinity(0, everywhere)
    if asked.only in (None, "match"):
        theirs = matching(rows)
    if asked.only in (None, "load"):
        service(rows, files, theirs)
    if asked.only in (None, "films"):
        films.compare(rows, asked.quick)
    if not asked.json:
        rows.table()


if __name__ == "__main__":
    main()
