"""The time budget of a training stage."""

import math
import os
import time

import parallel

SYNC = 10  # steps between two agreements on the time, which wait for the devices


class Clock:
    """A learning rate over a time budget (warm-up, then a cosine), and a line of progress now and
    then.

    All devices take the time of the first, so that they make the same steps at the same rates.
    """

    def __init__(self, name: str, seconds: float, rate: float, warmup: int, step: int = 0, spent: float = 0.0, file=None):
        # A file with another number of seconds is read while the stage runs.
        self.file = file
        self.name, self.seconds, self.rate, self.warmup = name, seconds, rate, warmup
        self.start, self.step, self.loss, self.printed, self.part = time.time() - spent, step, None, 0.0, 0.0
        self.first = step
        self.deadline, self.stopped = math.inf, False  # when the process must end, in time.time()

    def running(self) -> bool:
        return self.part < 1 and not self.stopped

    def spent(self) -> float:
        return time.time() - self.start

    def rate_now(self) -> float:
        decay = 0.01 + 0.99 * (0.5 + 0.5 * math.cos(math.pi * min(1, self.part)))
        return self.rate * decay * min(1, (self.step + 1 - self.first) / self.warmup)

    def tick(self, loss):
        self.step += 1
        self.loss = loss.clone() if self.loss is None else self.loss.lerp(loss, 0.01)
        elapsed = self.spent()
        if self.step % SYNC == 0:
            if self.file and os.path.exists(self.file):
                with open(self.file, encoding="utf8") as file:
                    self.seconds = float(file.read() or self.seconds)
            self.part = parallel.from_first(elapsed / self.seconds)
            self.stopped = self.part < 1 and parallel.from_first(float(time.time() > self.deadline)) > 0
        if elapsed - self.printed > 20 or self.step in (1, 10, 100):
            self.printed = elapsed
            parallel.say(f"{self.name} step {self.step} loss {self.loss.item():.4f} {elapsed:.0f} s")
