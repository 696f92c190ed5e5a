"""One process for each CUDA device; gradients are averaged over them after each backward pass."""

import os
import subprocess
import sys

import torch
import torch.distributed as dist

RANK, WORLD = int(os.environ.get("RANK", 0)), int(os.environ.get("WORLD_SIZE", 1))
together = WORLD > 1


def is_worker() -> bool:
    return "RANK" in os.environ


def environment(rank: int, world: int) -> dict[str, str]:
    address = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": os.environ.get("MASTER_PORT", "29511")}
    return {**os.environ, **address, "RANK": str(rank), "WORLD_SIZE": str(world)}


def launch(processes: int | None = None) -> int:
    """Starts this program once for each device and waits; the first failure ends the others.

    Returns the exit code of the first that failed, or 0.
    """
    world = processes or max(1, torch.cuda.device_count())
    workers = [
        subprocess.Popen([sys.executable, *sys.argv], env=environment(rank, world))
        for rank in range(world)
    ]
    codes, failed = {}, 0
    while len(codes) < world:
        for rank, worker in enumerate(workers):
            if rank in codes:
                continue
            try:
                codes[rank] = worker.wait(timeout=0.2)
            except subprocess.TimeoutExpired:
                continue
            if codes[rank] != 0:
                failed = failed or abs(codes[rank])
                for other in workers:
                    other.kill()
    return failed


def join():
    if torch.cuda.is_available():
        torch.cuda.set_device(RANK)
    if WORLD > 1:
        dist.init_process_group("nccl" if torch.cuda.is_available() else "gloo")


def alone():
    """This process shares nothing with the others."""
    global together
    together = False


def wait():
    from_first(0.0)


def part():
    """Ends the group: each process continues alone."""
    global together
    wait()
    if together:
        dist.destroy_process_group()
    together = False


def say(text: str):
    if RANK == 0 or not together:
        print(text, flush=True)


def share(tensors):
    """Gives every process the values of the first."""
    if together:
        for tensor in tensors:
            dist.broadcast(tensor.data, 0)


def from_first(value: float) -> float:
    if not together:
        return value
    box = torch.tensor([value], dtype=torch.float64)
    box = box.cuda() if torch.cuda.is_available() else box
    dist.broadcast(box, 0)
    return box.item()


def average(tensor):
    if together:
        dist.all_reduce(tensor)
        tensor /= WORLD
