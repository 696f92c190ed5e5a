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
from captions import BACKGROUNDS, COLORS, PLACES, STYLES, grammar_words
from tokenizer import EOS, Tokenizer, split

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
        # CLIP's "logit_scale" is a weight.
        if not (key.endswith("_scale") and key[: -len("_scale")] in state):
            out[key] = value.float()
    return out


def configs(vocabulary: int, scaling_factor: float = 1.0):
    """The configuration files that diffusers and transformers write for these networks."""
    trunk = {
        "_diffusers_version": "0.40.0.dev0", "act_fn": "silu", "addition_embed_type": "text_time",
        "addition_embed_type_num_heads": 64, "addition_time_embed_dim": networks.TIME,
        "attention_head_dim": list(networks.HEADS), "block_out_channels": list(networks.CHANNELS),
        "class_embed_type": None, "cross_attention_dim": sum(networks.WIDTHS), "downsample_padding": 1,
        "encoder_hid_dim": None, "encoder_hid_dim_type": None, "flip_sin_to_cos": True, "freq_shift": 0,
        "in_channels": 4, "layers_per_block": 1, "mid_block_scale_factor": 1, "norm_eps": 1e-05,
        "norm_num_groups": networks.GROUPS, "num_attention_heads": None, "num_class_embeds": None,
        "only_cross_attention": False, "resnet_time_scale_shift": "default", "upcast_attention": False,
        "projection_class_embeddings_input_dim": networks.POOLED + 6 * networks.TIME, "use_linear_projection": True,
        "transformer_layers_per_block": networks.DEPTHS[0] if len(set(networks.DEPTHS)) == 1 else list(networks.DEPTHS),
    }  # fmt: skip
    unet = trunk | {
        "_class_name": "UNet2DConditionModel", "attention_type": "default", "center_input_sample": False,
        "class_embeddings_concat": False, "conv_in_kernel": 3, "conv_out_kernel": 3, "cross_attention_norm": None,
        "down_block_types": ["DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"], "dropout": 0.0,
        "dual_cross_attention": False, "mid_block_only_cross_attention": None,
        "mid_block_type": "UNetMidBlock2DCrossAttn", "out_channels": 4, "resnet_out_scale_factor": 1.0,
        "resnet_skip_time_act": False, "reverse_transformer_layers_per_block": None, "sample_size": networks.LATENT,
        "time_cond_proj_dim": None, "time_embedding_act_fn": None, "time_embedding_dim": None,
        "time_embedding_type": "positional", "timestep_post_act": None,
        "up_block_types": ["CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"],
    }  # fmt: skip
    controlnet = trunk | {
        "_class_name": "ControlNetModel", "conditioning_channels": 3, "global_pool_conditions": False,
        "conditioning_embedding_out_channels": [16, 32, 64], "controlnet_conditioning_channel_order": "rgb",
        "down_block_types": ["DownBlock2D"] * 3, "mid_block_type": "UNetMidBlock2D", "transformer_layers_per_block": 1,
    }  # fmt: skip
    vae = {
        "_class_name": "AutoencoderTiny", "_diffusers_version": "0.40.0.dev0", "act_fn": "relu",
        "block_out_channels": [64] * 3, "decoder_block_out_channels": [64] * 3, "encoder_block_out_channels": [48] * 3,
        "force_upcast": False, "in_channels": 3, "latent_channels": 4, "latent_magnitude": 3, "latent_shift": 0.5,
        "num_decoder_blocks": [4, 3, 1], "num_encoder_blocks": [0, 1, 4], "out_channels": 3,
        "scaling_factor": scaling_factor, "shift_factor": 0.0, "upsample_fn": "nearest", "upsampling_scaling_factor": 2,
    }  # fmt: skip
    texts = [
        {
            "architectures": [name], "attention_dropout": 0.0, "bos_token_id": vocabulary - 2,
            "eos_token_id": vocabulary - 1, "hidden_act": act, "hidden_size": width, "initializer_factor": 1.0,
            "initializer_range": 0.02, "intermediate_size": 4 * width, "layer_norm_eps": 1e-05,
            "max_position_embeddings": networks.LENGTH, "model_type": "clip_text_model",
            "num_attention_heads": width // networks.PART, "num_hidden_layers": layers,
            "pad_token_id": vocabulary - 1, "projection_dim": networks.POOLED, "transformers_version": "5.17.0",
            "vocab_size": vocabulary,
        }
        for name, act, width, layers in zip(
            ("CLIPTextModel", "CLIPTextModelWithProjection"), ("quick_gelu", "gelu"), networks.WIDTHS, networks.LAYERS
        )
    ]  # fmt: skip
    return {"unet": unet, "controlnet_canny": controlnet, "vae": vae, "text_encoder": texts[0], "text_encoder_2": texts[1]}


SCHEDULER = {
    "_class_name": "DDPMScheduler", "_diffusers_version": "0.40.0.dev0", "beta_end": 0.012,
    "beta_schedule": "scaled_linear", "beta_start": 0.00085, "clip_sample": False, "clip_sample_range": 1.0,
    "dynamic_thresholding_ratio": 0.995, "num_train_timesteps": 1000, "prediction_type": "epsilon",
    "rescale_betas_zero_snr": False, "sample_max_value": 1.0, "steps_offset": 0, "thresholding": False,
    "timestep_spacing": "trailing", "trained_betas": None, "variance_type": "fixed_small",
}  # fmt: skip


def write_json(path, value, indent=2):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf8") as file:
        json.dump(value, file, indent=indent, ensure_ascii=False)


def export_part(folder, name, net, vocabulary: int = 2):
    path = f"{folder}/{name}"
    write_json(f"{path}/config.json", configs(vocabulary, getattr(net, "scaling_factor", 1.0))[name])
    save_file(pack(net.state_dict(), name != "vae"), f"{path}/{FILES[name]}.safetensors", {"format": "pt"})


def export_teacher(folder, teacher, tokenizer):
    for name in ("unet", "text_encoder", "text_encoder_2"):
        export_part(folder, name, getattr(teacher, name), len(tokenizer.ids))
    tokenizer.save(f"{folder}/tokenizer", "<|endoftext|>")
    tokenizer.save(f"{folder}/tokenizer_2", "!")


def export(folder, rows, tokenizer, vae, teacher, controlnet, log):
    """Writes everything; `controlnet` may be None. Names of the folder's vocabulary.json stay in
    it."""
    export_teacher(folder, teacher, tokenizer)
    export_part(folder, "vae", vae)
    if controlnet is not None:
        export_part(folder, "controlnet_canny", controlnet)
    write_json(f"{folder}/scheduler/scheduler_config.json", SCHEDULER)
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
    if os.path.exists(f"{folder}/clip/config.json"):  # written by clip.py
        index["clip"] = ["transformers", "CLIPModel"]
    names = {row["caption"] for row in rows if "parts" not in row}
    parts = {part for row in rows for part in row.get("parts", {}).values()}
    grammar = {
        *grammar_words(), *(w for part in parts for w in split(part)),
        *(w for row in rows for w in split(row.get("class", ""))),
    }  # fmt: skip
    if os.path.exists(f"{folder}/vocabulary.json"):
        with open(f"{folder}/vocabulary.json", encoding="utf8") as file:
            known = json.load(file)
        names, parts, grammar = names | {*known["names"]}, parts | {*known["people"]}, grammar | {*known["grammar"]}
    vocabulary = {
        "names": sorted(names),
        "people": sorted(parts),
        "styles": list(STYLES),
        "backgrounds": list(BACKGROUNDS),
        "colors": list(COLORS),
        "places": list(PLACES),
        # With the words of figures' parts and of classes, which the toolkit knows by this list.
        "grammar": sorted(grammar),
    }  # fmt: skip
    log_path, runs = f"{folder}/training/log.json", []
    if os.path.exists(log_path):
        with open(log_path, encoding="utf8") as file:
            runs = json.load(file)
    for name, value in (("model_index", index), ("vocabulary", vocabulary), ("training/log", [*runs, log])):
        write_json(f"{folder}/{name}.json", value, 1)


def has(folder, name) -> bool:
    return os.path.exists(f"{folder}/{name}/{FILES[name]}.safetensors")


def read(folder, name):
    return unpack(load_file(f"{folder}/{name}/{FILES[name]}.safetensors"))


def device():
    return "cuda" if torch.cuda.is_available() else "cpu"


def load_autoencoder(folder):
    vae = networks.Autoencoder()
    with open(f"{folder}/vae/config.json", encoding="utf8") as file:
        vae.scaling_factor = json.load(file)["scaling_factor"]
    vae.load_state_dict(read(folder, "vae"))
    return vae.to(device()).eval().requires_grad_(False)


def load_tokenizer(folder):
    return Tokenizer.load(f"{folder}/tokenizer", networks.LENGTH)


def use_config(folder):
    """Takes the widths of the UNet from the folder."""
    with open(f"{folder}/unet/config.json", encoding="utf8") as file:
        config = json.load(file)
    depths = config["transformer_layers_per_block"]
    networks.CHANNELS, networks.HEADS = tuple(config["block_out_channels"]), tuple(config["attention_head_dim"])
    networks.DEPTHS = tuple(depths) if isinstance(depths, list) else (depths,) * 3


def load(folder, tokenizer):
    """Reads what `export` wrote, as the toolkit reads it. Returns (teacher, vae, controlnet or
    None)."""
    use_config(folder)
    teacher = networks.Teacher(len(tokenizer.ids), tokenizer.ids[EOS])
    for name in ("unet", "text_encoder", "text_encoder_2"):
        getattr(teacher, name).load_state_dict(read(folder, name))
    net = None
    if has(folder, "controlnet_canny"):
        net = networks.ControlNet()
        net.load_state_dict(read(folder, "controlnet_canny"))
        net = net.to(device()).eval().requires_grad_(False)
    return teacher.to(device()).eval().requires_grad_(False), load_autoencoder(folder), net
