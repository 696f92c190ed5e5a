"""Runs one round of training on a machine with 1, 2 or 4 CUDA devices, and resumes after a stop.

    python3 train_round.py --pictures packs/*.tar --model .. --build build/round --minutes 25

The model folder is copied to BUILD/model and trained there. Stages: judge (or an earlier one, with
--judge), weak names, scores and styles of the old model, teacher, ControlNet, scores and styles of
the new one by the same judges, samples of both, parts. The teacher is compiled meanwhile. A stage that is
done is noted in BUILD/done.json and not repeated. With --stop_after the program ends by itself
after so many seconds with code 3: the same command resumes, also after it was killed or the machine
restarted; of the teacher's training at most two minutes are lost then.

BUILD/parts has what is worth keeping, in files of at most 16 MiB: model.tar.* (with scores, sheets
and logs; join them with cat) and moments.tar.*, which a later round takes with --moments.
"""

import argparse
import json
import math
import os
import shutil
import subprocess
import sys
import tarfile
import time
from glob import glob

from pictures import Library

HERE = os.path.dirname(os.path.abspath(__file__))
STOPPED = 3  # as in train.py
PART = 16 * 2**20 - 4096  # bytes


class Round:
    def __init__(self, args):
        self.args, self.start = args, time.time()
        self.log = f"{args.build}/done.json"
        self.done = json.load(open(self.log, encoding="utf8")) if os.path.exists(self.log) else {}

    def left(self) -> float:
        """Seconds until the program must end."""
        return self.args.stop_after - (time.time() - self.start) if self.args.stop_after else math.inf

    def stop(self, name: str):
        print(f"round: stops before the end of '{name}'; the same command resumes", flush=True)
        sys.exit(STOPPED)

    def python(self, script: str, *options):
        command = [sys.executable, f"{HERE}/{script}", *map(str, options), *(self.args.cpu if script == "train.py" else ())]
        print("round:", " ".join(command[1:]), flush=True)
        environment = {key: value for key, value in os.environ.items() if key != "TRAINING_BEGAN"}
        return subprocess.run(command, env=environment).returncode

    def compile_ahead(self):
        """Fills the compiler's cache beside the stages before the teacher; returns the process."""
        if self.args.cpu or "teacher" in self.done:
            return None
        with open(f"{self.args.build}/compile.txt", "w", encoding="utf8") as log:
            return subprocess.Popen([sys.executable, f"{HERE}/train.py", "--compile_only", "--out", self.args.model,
                                     *map(str, self.args.batch)], stdout=log, stderr=log)  # fmt: skip

    def stage(self, name: str, needs: float, work):
        """Runs `work` unless it is done; it needs some seconds and is not begun with fewer left."""
        if name in self.done:
            return
        if self.left() < needs:
            self.stop(name)
        began = time.time()
        code = work()
        if code == STOPPED:
            self.stop(name)
        if code:
            raise SystemExit(f"round: '{name}' failed with code {code}")
        self.done[name] = round(time.time() - began)
        with open(self.log + ".new", "w", encoding="utf8") as file:
            json.dump(self.done, file, indent=1)
        os.replace(self.log + ".new", self.log)
        print(f"round: '{name}' done in {self.done[name]} s", flush=True)

    def copy(self):
        model = f"{self.args.build}/model"
        shutil.rmtree(model, ignore_errors=True)
        shutil.copytree(self.args.model, model, ignore=shutil.ignore_patterns("training", "*.png", "*.md"))
        os.makedirs(f"{model}/training")
        old = f"{self.args.model}/training/log.json"
        if os.path.exists(old):
            shutil.copy(old, f"{model}/training/log.json")
        if self.args.moments:
            state = f"{self.args.build}/state"
            os.makedirs(state, exist_ok=True)
            joined = f"{self.args.build}/moments.tar"
            join(self.args.moments, joined)
            with tarfile.open(joined) as file:
                file.extractall(state)
            os.remove(joined)

    def run(self):
        args, build = self.args, self.args.build
        seconds = args.minutes * 60
        os.makedirs(build, exist_ok=True)
        compiler = self.compile_ahead()
        model, judge, weak = f"{build}/model", args.judge or f"{build}/judge.safetensors", f"{build}/weak.json"
        library, state = f"{build}/library", f"{build}/state"
        common = ["--pictures", *args.pictures, "--library", library, "--out", model, "--state", state, "--seed", args.seed,
                  "--workers", args.workers]
        short = max(5, round(seconds * 0.06))  # 90 s of 25 min

        def judged():
            return self.python("train.py", *common, "--teacher_seconds", 0, "--controlnet_seconds", 0,
                               "--judge", judge, "--judge_seconds", short)

        def decoded():
            Library.read(args.pictures).save(library)

        def found():
            return self.python("weak.py", "--library", library, "--folder", model, "--judge", judge, "--out", weak, *args.small_weak)

        def trained():
            if compiler:
                compiler.wait()
            stop = ["--stop_after", max(1, self.left() - 40)] if args.stop_after else []
            stop += ["--buckets"] if args.no_buckets else []
            return self.python("train.py", *common, "--teacher_seconds", seconds, "--controlnet_seconds", 0, "--weak", weak,
                               "--exact", f"{build}/exact.safetensors", "--rate", args.rate, "--warmup", args.warmup,
                               "--average", args.average, *args.batch, *stop)  # fmt: skip

        def scored(folder, out):
            return self.python("score.py", "--library", library, "--folder", folder, "--judge", judge, "--out", out, *args.small_score)

        def styled(folder, out, picture):
            return self.python("styles.py", "--library", library, "--folder", folder, "--classifier", args.classifier or f"{build}/styles.safetensors",
                               "--workers", args.workers, "--out", out, "--sheet", picture, *args.small_styles)  # fmt: skip

        def drawn(folder, picture):
            return self.python("sample.py", "--folder", folder, "--out", picture, "--vocabulary", f"{args.model}/vocabulary.json",
                               "--steps", 8, *args.small_samples)  # fmt: skip

        def edges():
            return self.python("train.py", *common, "--teacher_seconds", 0, "--controlnet_seconds", short)

        self.stage("copy", 20, self.copy)
        if not args.judge:
            self.stage("judge", short + 120, judged)
        elif not os.path.exists(f"{library}/rows.json"):
            self.stage("library", 60, decoded)
        self.stage("weak", 90, found)
        self.stage("score before", 60, lambda: scored(args.model, f"{model}/training/scores_before.json"))
        self.stage("styles before", 120, lambda: styled(args.model, f"{model}/training/styles_before.json", f"{model}/styles_before.png"))
        self.stage("samples before", 60, lambda: drawn(args.model, f"{model}/samples_before.png"))
        self.stage("teacher", 120, trained)
        self.stage("controlnet", short + 60, edges)
        self.stage("score", 60, lambda: scored(model, f"{model}/training/scores.json"))
        self.stage("styles", 120, lambda: styled(model, f"{model}/training/styles.json", f"{model}/styles.png"))
        self.stage("samples", 60, lambda: drawn(model, f"{model}/samples.png"))
        self.stage("parts", 60, self.parts)
        print(f"round: done, {sum(self.done.values())} s in all; results in {build}/parts", flush=True)

    def parts(self):
        build, folder = self.args.build, f"{self.args.build}/parts"
        shutil.rmtree(folder, ignore_errors=True)
        os.makedirs(folder)
        shutil.copy(self.log, f"{build}/model/training/stages.json")
        with tarfile.open(f"{build}/model.tar.gz", "w:gz", compresslevel=6) as file:
            file.add(f"{build}/model", "model")
            file.add(f"{build}/weak.json", "model/training/weak.json")
        split(f"{build}/model.tar.gz", f"{folder}/model.tar.gz")
        state = f"{build}/state"
        with open(f"{state}/state.json", encoding="utf8") as file:
            listed = json.load(file)["tensors"]
        with tarfile.open(f"{build}/moments.tar", "w") as file:
            file.add(f"{state}/state.json", "state.json")
            for name, entry in listed.items():
                if name.startswith("moment"):
                    for part in entry["files"]:
                        file.add(f"{state}/{part}", part)
        split(f"{build}/moments.tar", f"{folder}/moments.tar")
        for path in sorted(glob(f"{folder}/*")):
            print(f"round: {path} {os.path.getsize(path)} bytes", flush=True)


def split(path: str, target: str):
    """Writes target.00, target.01, … of at most 16 MiB."""
    with open(path, "rb") as file:
        for number in range(100):
            data = file.read(PART)
            if not data:
                break
            with open(f"{target}.{number:02d}", "wb") as part:
                part.write(data)
    os.remove(path)


def join(paths, target: str):
    with open(target, "wb") as out:
        for path in sorted(paths):
            with open(path, "rb") as file:
                shutil.copyfileobj(file, out)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pictures", nargs="+", default=["build/pictures"], help="folders or tar files")
    parser.add_argument("--model", default=f"{HERE}/..", help="the model folder to start from")
    parser.add_argument("--build", default="build/round")
    parser.add_argument("--moments", nargs="*", help="moments.tar.* of an earlier round")
    parser.add_argument("--minutes", type=float, default=25, help="training of the teacher; the rest takes a fifth of it")
    parser.add_argument("--stop_after", type=float, help="seconds until the program ends by itself, with code 3")
    parser.add_argument("--seed", type=int, default=2, help="a new one for each round")
    parser.add_argument("--rate", type=float, default=9e-4)
    parser.add_argument("--warmup", type=int, default=300)
    parser.add_argument("--average", type=float, default=0.9995, help="share of the old average kept at a step")
    parser.add_argument("--batch", type=int, default=256, help="batch size of a device")
    parser.add_argument("--workers", type=int, default=6, help="processes that draw scenes, for each device")
    parser.add_argument("--judge", help="a judge's safetensors file, instead of training one")
    parser.add_argument("--classifier", help="a safetensors file of styles.py, instead of training one")
    parser.add_argument("--no_buckets", action="store_true", help="square pictures only")
    parser.add_argument("--try_on_cpu", action="store_true", help="tiny sizes, to see that all stages work")
    args = parser.parse_args()
    tiny = args.try_on_cpu
    args.cpu = "--workers 1 --batch 2 --controlnet_batch 2 --judge_batch 4 --eager --warmup 2".split() if tiny else ()
    args.batch = ["--batch", args.batch]
    args.small_weak = "--limit 2 --batch 2 --steps 1".split() if tiny else ()
    args.small_score = "--count 2 --steps 1".split() if tiny else ("--steps", 8)
    args.small_styles = "--count 8 --steps 1 --seconds 2 --batch 4".split() if tiny else ("--steps", 8)
    args.small_samples = "--names 0 --steps 1 --prompts goblin".split() if tiny else ["--names", "114"]
    Round(args).run()


if __name__ == "__main__":
    main()
