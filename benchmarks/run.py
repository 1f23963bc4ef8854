#!/usr/bin/env python3
"""Runs the library's benchmark beside the limit programs and says which goals hold.

    python3 benchmarks/run.py [--build BUILD_DIR] [--rounds 5] [--only seq,stream] [--peers] [--limits]

BUILD_DIR (build/release/benchmarks) holds bench_lian, mock_openai, http_limit and cpu_limit. A round runs
library, limit, library (A B A); a figure is the median over the rounds. CPU time is compared, and the
ratio counts: both programs see the same machine at the same time. --limits runs the limit programs
alone. --peers installs LangChain.js from npm into BUILD_DIR/peers and runs it beside.
"""

import argparse
import json
import os
import random
import shutil
import statistics
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

HERE = Path(__file__).resolve().parent
BUILD = HERE.parent / "build" / "release" / "benchmarks"
PEER_PACKAGES = ["@langchain/core@1.4.0", "@langchain/openai@1.5.8", "@langchain/textsplitters@1.0.2"]
TEXT_BYTES = 20_000_000
STREAM_CHUNKS = 161_000
DISK_MEGABYTES = 10
STEP_NS, TOOL_NS = 400, 10_000
WATCHED_STEP_NS, TRACED_STEP_NS = 2_000, 15_000
RECORDED = HERE.parent / "tests" / "data" / "wire"
EVENT_NS, EVENT_MB_S = 340, 900  # an event of 306 bytes: the one is the other
WEBSOCKET_RATIO = 2  # of the same JSON as server-sent events


class Goal:
    """What must hold: `value(library, limit)` is at most, or at least, `bound`."""

    def __init__(self, name, bound, value, unit="", at_least=False):
        self.name, self.bound, self.value, self.unit, self.at_least = name, bound, value, unit, at_least

    def held(self, library, limit):
        value = self.value(library, limit)
        return value >= self.bound if self.at_least else value <= self.bound

    def text(self):
        return f"{self.name} {'>=' if self.at_least else '<='} {self.bound:g}{self.unit}"


def cpu_ratio(library, limit):
    return library["cpu_ns_per_unit"] / limit["cpu_ns_per_unit"]


def own(key):
    return lambda library, limit: library[key]


def cpu_goal(bound):
    return Goal("cpu ratio", bound, cpu_ratio)


class Workload:
    def __init__(self, name, program, arguments, goals, peer=None, rounds=None, unit=("ns", 1)):
        self.name, self.program, self.arguments, self.goals = name, program, arguments, goals
        self.peer, self.rounds, self.unit = peer, rounds, unit


def workloads(data):
    text, stream, history = str(data / "text.txt"), str(data / "stream.sse"), str(data / "history.jsonl")
    micro = ("us", 1e-3)
    return [
        Workload("seq", "http_limit", ["seq", "20000"], [cpu_goal(1.25)], ["seq", "2000"], unit=micro),
        Workload("stream burst", "http_limit", ["stream", "2000", "500", "0"], [cpu_goal(1.5)],
                 ["stream", "200", "500", "0"]),
        Workload("stream one write", "http_limit", ["stream", "1000", "500", "1"], [cpu_goal(1.4)],
                 ["stream", "200", "500", "1"]),
        Workload("stream burst, text", "http_limit", ["stream", "2000", "500", "0", "text"], [cpu_goal(1.5)],
                 ["stream", "200", "500", "0"]),
        Workload("conc 1000", "http_limit", ["conc", "1000", "50", "100"],
                 [cpu_goal(1.25), Goal("errors", 0, own("errors")),
                  Goal("time/ideal", 1.03, own("over_ideal")),
                  Goal("memory", 24, own("kb_per_stream"), " KB/stream")],
                 rounds=3, unit=micro),
        Workload("conc 10000", "http_limit", ["conc", "10000", "50", "100"],
                 [cpu_goal(1.25), Goal("errors", 0, own("errors")),
                  Goal("time/ideal", 1.6, own("over_ideal")), Goal("peak", 260, own("peak_mb"), " MB")],
                 rounds=2, unit=micro),
        Workload("start", "http_limit", ["start"],
                 [Goal("time ratio", 1.25, cpu_ratio)], rounds=11, unit=("ms", 1e-6)),
        Workload("split bytes", "cpu_limit", ["split-bytes", text],
                 [Goal("speed", 600, own("mb_s"), " MB/s", at_least=True)], ["split", text]),
        Workload("split code points", "cpu_limit", ["split-code-points", text],
                 [Goal("speed", 300, own("mb_s"), " MB/s", at_least=True)]),
        Workload("exact scan", "cpu_limit", ["scan"],
                 [Goal("bandwidth", 0.8, lambda library, limit: library["gb_s"] / limit["bandwidth_gb_s"],
                       " of reading", at_least=True)], rounds=3, unit=("ms", 1e-6)),
        Workload("prompt format", "cpu_limit", ["prompt"],
                 [Goal("time", 200, own("cpu_ns_per_unit"), " ns")], ["prompt"]),
        Workload("sse + json", "cpu_limit", ["sse", stream],
                 [Goal("speed", 900, own("mb_s"), " MB/s", at_least=True)]),
        Workload("history", "cpu_limit", ["history", history],
                 [Goal("load", 10, lambda library, limit: library["cpu_ns_per_unit"] / 1e3, " us a message"),
                  Goal("save", 3, lambda library, limit: library["save_us"] / limit["save_us"],
                       " times the limit's CPU")], unit=micro),
    ]


class Mock:
    """The provider; every program finds it by MOCK_PORT."""

    def __init__(self, build):
        self.process = subprocess.Popen([build / "mock_openai", "0"], stdout=subprocess.PIPE, text=True)
        self.port = int(self.process.stdout.readline())
        os.environ["MOCK_PORT"] = str(self.port)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()

    def get(self, path, body=None, headers=None):
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", body, headers or {})
        with urllib.request.urlopen(request) as reply:
            return reply.read()

    def first_request_ns(self):
        return json.loads(self.get("/stats"))["first_request_ns"]


def make_text(path):
    """English-like text: words by Zipf's law, in sentences, lists, headings and code. Seeded."""
    choose = random.Random(1)
    letters = "etaoinshrdlucmfwypvbgk"
    words = ["".join(choose.choices(letters, k=choose.randint(1, 10))) for _ in range(20_000)]
    weights = [1 / (rank + 2) for rank in range(len(words))]
    pool = choose.choices(words, weights, k=1_000_000)
    at = 0

    def take(count):
        nonlocal at
        at = (at + count) % (len(pool) - 64)
        return pool[at:at + count]

    def sentence():
        text = " ".join(take(choose.randint(5, 24)))
        return text.capitalize() + choose.choice([".", ".", ".", "?", "!"])

    def paragraph():
        kind = choose.random()
        if kind < 0.08:
            return "## " + " ".join(take(choose.randint(2, 7))).title()
        if kind < 0.16:
            return "\n".join("- " + sentence() for _ in range(choose.randint(2, 7)))
        if kind < 0.19:
            return "\n".join(f"    {'_'.join(take(2))} = {take(1)[0]}();" for _ in range(choose.randint(3, 12)))
        return " ".join(sentence() for _ in range(choose.randint(2, 40 if kind > 0.97 else 9)))

    paragraphs, size = [], 0
    while size < TEXT_BYTES:
        paragraphs.append(paragraph())
        size += len(paragraphs[-1]) + 2
    path.write_text("\n\n".join(paragraphs)[:TEXT_BYTES], encoding="ascii")


def make_data(data, mock):
    data.mkdir(parents=True, exist_ok=True)
    if not (data / "text.txt").exists():
        make_text(data / "text.txt")
    if not (data / "stream.sse").exists():
        headers = {"Content-Type": "application/json", "x-mock-n": str(STREAM_CHUNKS)}
        recorded = mock.get("/v1/chat/completions", b'{"stream":true}', headers)
        (data / "stream.sse").write_bytes(recorded)


def run_program(command, mock):
    """One run's JSON line; for `start`, which prints none, the time until the server saw the request."""
    mock.get("/reset", b"")
    begin = time.monotonic_ns()
    run = subprocess.run([str(part) for part in command], capture_output=True, text=True, timeout=300)
    if run.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))} failed: {run.stderr.strip()}")
    if command[-1] == "start":
        return {"cpu_ns_per_unit": mock.first_request_ns() - begin}
    return json.loads(run.stdout.strip().splitlines()[-1])


def median_of(records):
    numbers = [key for key, value in records[0].items() if isinstance(value, (int, float))]
    return {key: statistics.median(record[key] for record in records) for key in numbers}


def measure(workload, build, mock, options):
    rounds = options.rounds or workload.rounds or 5
    commands = {"limit": [build / workload.program, *workload.arguments]}
    if not options.limits:
        commands["lian"] = [build / "bench_lian", *workload.arguments]
    if options.peers and workload.peer:
        commands["peer"] = ["node", HERE / "peers" / "langchain.mjs", *workload.peer]
    order = [name for name in ("lian", "limit", "lian", "peer") if name in commands]
    records = {name: [] for name in commands}
    for _ in range(rounds):
        for name in order:
            records[name].append(run_program(commands[name], mock))
    return {name: median_of(runs) for name, runs in records.items()}


def report(workload, results):
    """One row, and whether its goals hold; without the library there is nothing to judge."""
    unit, scale = workload.unit
    limit, library, peer = results["limit"], results.get("lian"), results.get("peer")
    shown = lambda record: f"{record['cpu_ns_per_unit'] * scale:.4g} {unit}" if record else "-"
    ratio = f"{cpu_ratio(library, limit):.3f}" if library else "-"
    against = f"{peer['cpu_ns_per_unit'] / (library or limit)['cpu_ns_per_unit']:.0f}x" if peer else "-"
    broken = [goal for goal in workload.goals if library and not goal.held(library, limit)]
    differs = library and "check" in limit and library.get("check") != limit["check"]
    verdict = "-" if not library else "not held" if broken or differs else "held"
    goals = "; ".join(goal.text() for goal in workload.goals)
    print(f"| {workload.name} | {shown(library)} | {shown(limit)} | {ratio} | {shown(peer)} | {against} "
          f"| {goals} | {verdict} |", flush=True)
    for goal in broken:
        print(f"  {workload.name}: {goal.text()}, measured {goal.value(library, limit):.4g}", file=sys.stderr)
    if differs:
        print(f"  {workload.name}: the results differ from the limit's", file=sys.stderr)
    return verdict != "not held"


def report_codecs(build, rounds):
    """A row for each recorded stream. Short events cannot make MB/s and long ones cannot make ns: one does."""
    runs = []
    for _ in range(rounds):
        command = [build / "bench_lian", "codecs", RECORDED]
        run = subprocess.run(command, capture_output=True, text=True, check=True, timeout=600)
        runs.append([json.loads(line) for line in run.stdout.splitlines()])
    streams = {records[0]["workload"]: median_of(records) for records in zip(*runs)}
    all_held = True
    for name, stream in streams.items():
        time, speed = stream["cpu_ns_per_unit"], stream["mb_s"]
        as_sse = streams.get(name + " as SSE")
        ratio = time / as_sse["cpu_ns_per_unit"] if as_sse else None
        held = time <= EVENT_NS or speed >= EVENT_MB_S if ratio is None else ratio <= WEBSOCKET_RATIO
        goal = (f"<= {EVENT_NS} ns an event or >= {EVENT_MB_S} MB/s" if ratio is None
                else f"<= {WEBSOCKET_RATIO} of the same as SSE, {ratio:.2f}")
        all_held &= held
        print(f"| codecs: {name}, {stream['event_bytes']:.0f} bytes an event | {time:.0f} ns, {speed:.0f} MB/s "
              f"| - | - | - | - | {goal} | {'held' if held else 'not held'} |", flush=True)
    return all_held


def report_alone(build, workload, title, bound, value, rounds):
    """A workload of lian alone, held by one of its figures in nanoseconds."""
    runs = [json.loads(subprocess.run([build / "bench_lian", workload], capture_output=True, text=True, check=True,
                                      timeout=300).stdout) for _ in range(rounds)]
    figure = median_of(runs)[value]
    held = figure <= bound
    print(f"| {title} | {figure:.0f} ns | - | - | - | - | <= {bound} ns | {'held' if held else 'not held'} |", flush=True)
    return held


def report_tracing(build, rounds):
    """What a step costs more when somebody watches."""
    command = [build / "bench_lian", "tracing", build / "bench_data" / "trace.jsonl"]
    runs = [json.loads(subprocess.run(command, capture_output=True, text=True, check=True, timeout=300).stdout)
            for _ in range(rounds)]
    figures = median_of(runs)
    watched, traced = figures["handler_ns_a_step"], figures["trace_ns_a_step"]
    held = watched <= WATCHED_STEP_NS and traced <= TRACED_STEP_NS
    print(f"| tracing, a run of three steps | {figures['cpu_ns_per_unit']:.0f} ns | - | - | - | - "
          f"| a step more: handler {watched:.0f} ns <= {WATCHED_STEP_NS}, trace {traced:.0f} ns <= {TRACED_STEP_NS} "
          f"| {'held' if held else 'not held'} |", flush=True)
    return held


def report_size(build):
    """The program's size: lian and what it needs of it, without symbols; libcurl and others are shared."""
    stripped = build / "bench_data" / "bench_lian.stripped"
    subprocess.run(["strip", "-o", stripped, build / "bench_lian"], check=True)
    megabytes = stripped.stat().st_size / 1e6
    held = megabytes <= DISK_MEGABYTES
    print(f"| on disk | {megabytes:.2f} MB | - | - | - | - | size <= {DISK_MEGABYTES} MB "
          f"| {'held' if held else 'not held'} |", flush=True)
    return held


def install_peers(build):
    folder = build / "peers"
    os.environ["PEER_MODULES"] = str(folder)
    if (folder / "node_modules").exists():
        return
    if shutil.which("npm") is None:
        sys.exit("--peers needs node and npm")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "package.json").write_text('{"private":true,"type":"module"}')
    subprocess.run(["npm", "install", "--no-audit", "--no-fund", *PEER_PACKAGES], cwd=folder, check=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--build", type=Path, default=BUILD, help="folder of the programs")
    parser.add_argument("--rounds", type=int, help="rounds of every workload")
    parser.add_argument("--only", default="", help="workloads whose name contains one of these, by comma")
    parser.add_argument("--limits", action="store_true", help="the limit programs alone")
    parser.add_argument("--peers", action="store_true", help="LangChain.js beside")
    options = parser.parse_args()
    build = options.build.resolve()
    if options.peers:
        install_peers(build)
    wanted = [name for name in options.only.split(",") if name]
    held = True
    with Mock(build) as mock:
        make_data(build / "bench_data", mock)
        print("| workload | lian | limit | ratio | LangChain.js | lian is faster | goal | |")
        print("| --- | ---: | ---: | ---: | ---: | ---: | --- | --- |")
        for workload in workloads(build / "bench_data"):
            if wanted and not any(name in workload.name for name in wanted):
                continue
            held &= report(workload, measure(workload, build, mock, options))
    if not options.limits and (not wanted or "codecs" in wanted):
        held &= report_codecs(build, options.rounds or 3)
    if not options.limits and (not wanted or "chain" in wanted):
        held &= report_alone(build, "chain", "chain, a step of five", STEP_NS, "ns_a_step", options.rounds or 3)
    if not options.limits and (not wanted or "tool" in wanted):
        held &= report_alone(build, "tool", "a tool's call", TOOL_NS, "cpu_ns_per_unit", options.rounds or 3)
    if not options.limits and (not wanted or "tracing" in wanted):
        held &= report_tracing(build, options.rounds or 3)
    if not options.limits and (not wanted or "on disk" in wanted):
        held &= report_size(build)
    sys.exit(0 if held else 1)


if __name__ == "__main__":
    main()
