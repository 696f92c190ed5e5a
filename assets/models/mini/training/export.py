"""Writes the trained networks as a diffusers folder, and reads it back.

Weights of two and more dimensions in the UNet, ControlNet and text encoders are stored as 8-bit
integers with one scale for each output channel (`<key>_scale`): a quarter of float32, and the
pictures stay the same to the eye. Everything else is float16.
"""

import json
import os

import torch
from safetensors.torch import load_file, save_file

import networks
from captions import BACKGROUNDS, COLOURS, grammar_words

FILES = {
    "unet": "diffusion_pytorch_model",
    "vae": "diffusion_pytorch_model",
    "controlnet_canny": "diffusion_pytorch_model",
    "text_encoder": "model",
    "text_encoder_2": "model",
}
SMALLEST = 4096  # values; smaller tensors are not worth a scale


def pack(state, eight_bits: bool):
    out = {}
    for key, value in state.items():
        value = value.detach().float().cpu().contiguous()
        if not eight_bits or value.dim() < 2 or value.numel() < SMALLEST:
            out[key] = value.half()
            continue
        scale = value.flatten(1).abs().amax(1).clamp(min=1e-8) / 127
        shape = (-1, *[1] * (value.dim() - 1))
        out[key] = (value / scale.view(shape)).round().clamp(-127, 127).to(torch.int8)
        out[key + "_scale"] = scale
    return out


def unpack(state):
    out = {}
    for key, value in state.items():
        if key + "_scale" in state:
            scale = state[key + "_scale"].view(-1, *[1] * (value.dim() - 1))
            value = value.float() * scale
        if not key.endswith("_scale"):
            out[key] = value.float()
    return out


def export_part(folder, name, net):
    path = f"{folder}/{name}"
    os.makedirs(path, exist_ok=True)
    if hasattr(net, "save_config"):
        net.save_config(path)
    else:
        net.config.architectures = [type(net).__name__]
        net.config.save_pretrained(path)
    state = {k: v for k, v in net.state_dict().items() if not k.endswith("position_ids")}
    save_file(pack(state, name != "vae"), f"{path}/{FILES[name]}.safetensors", {"format": "pt"})


def export_teacher(folder, teacher):
    for name in ("unet", "text_encoder", "text_encoder_2"):
        export_part(folder, name, getattr(teacher, name))


def export(folder, emoji, tokenizer, vae, teacher, controlnet, log):
    export_teacher(folder, teacher)
    export_part(folder, "vae", vae)
    export_part(folder, "controlnet_canny", controlnet)
    networks.scheduler().save_pretrained(f"{folder}/scheduler")
    tokenizer.save(f"{folder}/tokenizer", "<|endoftext|>")
    tokenizer.save(f"{folder}/tokenizer_2", "!")
    index = {
        "_class_name": "StableDiffusionXLControlNetPipeline",
        "force_zeros_for_empty_prompt": False,
        "scheduler": ["diffusers", "DDPMScheduler"],
        "text_encoder": ["transformers", "CLIPTextModel"],
        "text_encoder_2": ["transformers", "CLIPTextModelWithProjection"],
        "tokenizer": ["transformers", "CLIPTokenizer"],
        "tokenizer_2": ["transformers", "CLIPTokenizer"],
        "unet": ["diffusers", "UNet2DConditionModel"],
        "vae": ["diffusers", "AutoencoderTiny"],
        "controlnet_canny": ["diffusers", "ControlNetModel"],
    }
    vocabulary = {
        "names": sorted(map(str, emoji["names"])),
        "backgrounds": list(BACKGROUNDS),
        "colours": list(COLOURS),
        "grammar": grammar_words(),
    }
    log_path, runs = f"{folder}/training/log.json", []
    if os.path.exists(log_path):
        with open(log_path, encoding="utf8") as file:
            runs = json.load(file)
    for name, value in (("model_index", index), ("vocabulary", vocabulary), ("training/log", [*runs, log])):
        os.makedirs(os.path.dirname(f"{folder}/{name}"), exist_ok=True)
        with open(f"{folder}/{name}.json", "w", encoding="utf8") as file:
            json.dump(value, file, indent=1, ensure_ascii=False)


def has(folder, name) -> bool:
    return os.path.exists(f"{folder}/{name}/{FILES[name]}.safetensors")


def read(folder, name):
    return unpack(load_file(f"{folder}/{name}/{FILES[name]}.safetensors"))


def load_autoencoder(folder):
    vae = networks.autoencoder()
    with open(f"{folder}/vae/config.json", encoding="utf8") as file:
        vae.register_to_config(scaling_factor=json.load(file)["scaling_factor"])
    vae.load_state_dict(read(folder, "vae"))
    return vae.cuda().eval().requires_grad_(False)


def load(folder, tokenizer):
    """Reads what `export` wrote, as the toolkit reads it. Returns (teacher, vae, controlnet or None)."""
    teacher = networks.Teacher(tokenizer)
    for name in ("unet", "text_encoder", "text_encoder_2"):
        getattr(teacher, name).load_state_dict(read(folder, name), strict=False)
    net = None
    if has(folder, "controlnet_canny"):
        net = networks.controlnet(teacher.unet)
        net.load_state_dict(read(folder, "controlnet_canny"))
        net = net.cuda().eval().requires_grad_(False)
    return teacher.cuda().eval().requires_grad_(False), load_autoencoder(folder), net
