"""Compares what run_networks.ts wrote with PyTorch on the same weights and inputs, and times both.

    python3 compare_with_pytorch.py <teacher folder> <out of run_networks.ts> [--steps 1024 512]

Needs torch, transformers, diffusers, safetensors and a CUDA device. The reference of every
comparison is float32 without TF32. Relative errors are ||ours - reference|| / ||reference||.
"""

import argparse
import json
import time
from pathlib import Path

import diffusers
import torch
import transformers
from diffusers import AutoencoderKL, AutoencoderTiny, ControlNetModel, UNet2DConditionModel
from safetensors.torch import load_file
from transformers import CLIPTextModel, CLIPTextModelWithProjection

transformers.utils.logging.disable_progress_bar()
torch.backends.cuda.matmul.allow_tf32 = False
torch.backends.cudnn.allow_tf32 = False
DEVICE = "cuda"


def open_network(folder, dtype):
    """Opens a network by the class its config names, with the weights of its folder."""
    config = json.loads((folder / "config.json").read_text())
    name = config.get("_class_name") or config["architectures"][0]
    kinds = {
        "UNet2DConditionModel": UNet2DConditionModel,
        "ControlNetModel": ControlNetModel,
        "AutoencoderTiny": AutoencoderTiny,
        "AutoencoderKL": AutoencoderKL,
        "CLIPTextModel": CLIPTextModel,
        "CLIPTextModelWithProjection": CLIPTextModelWithProjection,
    }
    kind = kinds[name]
    key = "torch_dtype" if issubclass(kind, diffusers.ModelMixin) else "dtype"
    has_variant = any(folder.glob("*.fp16.safetensors"))
    variant = {"variant": "fp16"} if has_variant else {}
    network = kind.from_pretrained(folder, use_safetensors=True, **{key: dtype}, **variant)
    network.requires_grad_(False)
    return network.to(DEVICE).eval()


def run(network, given, dtype):
    """Runs a network as run_networks.ts does; returns its outputs by our names."""
    x = {key: (t.to(DEVICE) if t.dtype == torch.int32 else t.to(DEVICE, dtype)) for key, t in given.items()}
    if isinstance(network, (CLIPTextModel, CLIPTextModelWithProjection)):
        out = network(x["input_ids"].long(), output_hidden_states=True)
        outputs = {"hidden_states": out.hidden_states[-2]}
        if isinstance(network, CLIPTextModelWithProjection):
            outputs["text_embeds"] = out.text_embeds
        return outputs
    if isinstance(network, (AutoencoderTiny, AutoencoderKL)):
        factor = network.config.scaling_factor
        if "latents" in x:
            image = network.decode(x["latents"] / factor).sample * 0.5 + 0.5
            return {"image": image.clamp(0, 1)}
        image = x["image"].clone().requires_grad_(True)
        encoded = network.encode(image * 2 - 1)
        # SD-piXL samples AutoencoderKL's latents; their mean is what both can compute.
        latents = (encoded.latents if hasattr(encoded, "latents") else encoded.latent_dist.mean) * factor
        latents.backward(x["grad_latents"])
        return {"latents": latents.detach(), "grad_image": image.grad}
    added = {"text_embeds": x["text_embeds"], "time_ids": x["time_ids"]}
    common = {"encoder_hidden_states": x["encoder_hidden_states"], "added_cond_kwargs": added, "return_dict": False}
    if isinstance(network, ControlNetModel):
        rows = x["sample"].shape[0]
        condition = x["controlnet_cond"].expand(rows, -1, -1, -1)
        down, middle = network(
            x["sample"], x["timestep"][0], controlnet_cond=condition,
            conditioning_scale=x["conditioning_scale"].item(), **common,
        )
        return {**{f"down_block_residual_{i}": t for i, t in enumerate(down)}, "mid_block_residual": middle}
    names = sorted((k for k in x if k.startswith("down_block")), key=lambda k: int(k.rsplit("_", 1)[1]))
    residuals = {
        "down_block_additional_residuals": [x[name] for name in names],
        "mid_block_additional_residual": x["mid_block_residual"],
    } if names else {}
    return {"noise_pred": network(x["sample"], x["timestep"][0], **common, **residuals)[0]}


def min_seconds(work, repeats=3):
    """Times a piece of work after one that is not measured."""
    times = []
    for _ in range(repeats + 1):
        torch.cuda.synchronize()
        began = time.perf_counter()
        work()
        torch.cuda.synchronize()
        times.append(time.perf_counter() - began)
    return min(times[1:])


def error(ours, reference):
    ours, reference = ours.double().cpu(), reference.double().cpu()
    return ((ours - reference).norm() / reference.norm()).item()


def compare(teacher, out, kl):
    """One line a tensor: our error, that of PyTorch's own float16, and PyTorch's seconds."""
    print("| network | tensor | ours | PyTorch float16 | norm |")
    print("| :-- | :-- | --: | --: | --: |")
    seconds = {}
    for path in sorted(out.glob("*.safetensors")):
        tensors = load_file(path)
        given = {k[6:]: t for k, t in tensors.items() if k.startswith("input.")}
        ours = {k[7:]: t for k, t in tensors.items() if k.startswith("output.")}
        name = path.stem.split("_decoder")[0]
        folder = kl if name.startswith("vae") and kl else teacher / name
        results = {}
        for dtype in (torch.float32, torch.float16):
            network = open_network(folder, dtype)
            needs_gradient = "grad_latents" in given
            with torch.set_grad_enabled(needs_gradient):
                results[dtype] = run(network, given, dtype)
                seconds[path.stem, dtype] = min_seconds(lambda: run(network, given, dtype))
            del network
            torch.cuda.empty_cache()
        worst = {}
        for key, reference in results[torch.float32].items():
            row = (error(ours[key], reference), error(results[torch.float16][key], reference), reference.norm().item())
            group = "residuals" if "residual" in key else key
            worst[group] = max(worst.get(group, (0, 0, 0)), row)
        for key, (a, b, norm) in worst.items():
            print(f"| {path.stem} | {key} | {a:.1e} | {b:.1e} | {norm:.1f} |", flush=True)
    print("\n| network | PyTorch float32, s | PyTorch float16, s |\n| :-- | --: | --: |")
    for stem in dict.fromkeys(stem for stem, _ in seconds):
        row = (seconds[stem, torch.float32], seconds[stem, torch.float16])
        print(f"| {stem} | {row[0]:.4f} | {row[1]:.4f} |")


class Step:
    """A step of SD-piXL's score distillation, without its generator."""

    def __init__(self, teacher, controlnets):
        self.unet = open_network(teacher / "unet", torch.float32)
        self.controlnets = [open_network(teacher / name, torch.float32) for name in controlnets]
        self.vae = open_network(teacher / "vae", torch.float32)

    def __call__(self, image, rows, dtype, count):
        side = image.shape[-1]
        draw = lambda *shape: torch.randn(*shape, device=DEVICE)
        with torch.autocast("cuda", dtype=dtype or torch.float16, enabled=dtype is not None):
            latents = self.vae.encode(image * 2 - 1).latents
            with torch.no_grad():
                noise = torch.randn_like(latents)
                sample = torch.cat([0.7 * latents + 0.7 * noise] * rows)
                ids = torch.tensor([[1024.0, 1024, 0, 0, 1024, 1024]] * rows, device=DEVICE)
                added = {"text_embeds": draw(rows, 1280), "time_ids": ids}
                common = {"encoder_hidden_states": draw(rows, 77, 2048), "added_cond_kwargs": added, "return_dict": False}
                timestep = torch.tensor(500, device=DEVICE)
                down = middle = None
                for network in self.controlnets[:count]:
                    condition = torch.rand(rows, 3, side, side, device=DEVICE)
                    d, m = network(sample, timestep, controlnet_cond=condition, conditioning_scale=0.15, **common)
                    down = d if down is None else [a + b for a, b in zip(down, d)]
                    middle = m if middle is None else middle + m
                predicted = self.unet(
                    sample, timestep, down_block_additional_residuals=down,
                    mid_block_additional_residual=middle, **common,
                )[0].float()
                score = 0.5 * ((predicted[1:2] - noise) + 40 * (predicted[1:2] - predicted[:1]))
        latents.backward(score.to(latents.dtype))


def time_steps(teacher, controlnets, sides):
    step = Step(teacher, controlnets)
    print("\n| side | ControlNets | rows | precision | s a step | GPU memory, GB |\n| --: | --: | --: | :-- | --: | --: |")
    for side in sides:
        image = torch.rand(1, 3, side, side, device=DEVICE, requires_grad=True)
        cases = [(3, None, 2), (2, None, 2), (2, torch.float16, 2), (2, torch.float16, 1), (2, torch.float16, 0)]
        for rows, dtype, count in cases:
            torch.cuda.reset_peak_memory_stats()
            seconds = min_seconds(lambda: step(image, rows, dtype, count))
            memory = torch.cuda.max_memory_allocated() / 1e9
            name = "fp16 autocast" if dtype else "fp32"
            print(f"| {side} | {count} | {rows} | {name} | {seconds:.4f} | {memory:.1f} |", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("teacher", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--vae", type=Path, help="folder of the autoencoder, if not the teacher's")
    parser.add_argument("--steps", type=int, nargs="*", default=[], help="sides at which steps are timed")
    parser.add_argument("--controlnets", nargs="*", default=[], help="folders of ControlNets of the steps")
    args = parser.parse_args()
    print(f"{torch.cuda.get_device_name()}; torch {torch.__version__}, transformers {transformers.__version__}, "
          f"diffusers {diffusers.__version__}\n")
    if list(args.out.glob("*.safetensors")):
        compare(args.teacher, args.out, args.vae)
    if args.steps:
        time_steps(args.teacher, args.controlnets, args.steps)


if __name__ == "__main__":
    main()
