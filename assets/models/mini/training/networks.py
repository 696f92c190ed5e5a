"""The networks of `mini`: SDXL's classes from diffusers and transformers, made small."""

import torch
from diffusers import AutoencoderTiny, ControlNetModel, DDPMScheduler, UNet2DConditionModel
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection

from scenes import LENGTH, SIZE
from tokenizer import BOS, EOS, Tokenizer

LATENT = SIZE // 4
WIDTHS = (128, 192)  # hidden sizes of the two text encoders
POOLED, TIME = 128, 64
# original height and width, crop top and left, target height and width: SDXL's micro-conditioning
TIME_IDS = (SIZE, SIZE, 0, 0, SIZE, SIZE)

SHARED = {
    "in_channels": 4,
    "block_out_channels": (96, 160, 256),
    "layers_per_block": 1,
    "norm_num_groups": 16,
    "cross_attention_dim": sum(WIDTHS),
    "attention_head_dim": (3, 5, 8),  # heads, despite diffusers' name for it
    "use_linear_projection": True,
    "addition_embed_type": "text_time",
    "addition_time_embed_dim": TIME,
    "projection_class_embeddings_input_dim": POOLED + 6 * TIME,
}


def scheduler():
    return DDPMScheduler(
        beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear",
        clip_sample=False, timestep_spacing="trailing",
    )  # fmt: skip


def autoencoder():
    # No block at full resolution in the encoder: distillation runs it forward and backward each step.
    return AutoencoderTiny(
        encoder_block_out_channels=(48, 48, 48),
        num_encoder_blocks=(0, 1, 4),
        decoder_block_out_channels=(64, 64, 64),
        num_decoder_blocks=(4, 3, 1),
        latent_channels=4,
    )


def text_encoders(tokenizer: Tokenizer):
    def config(width: int, layers: int):
        return CLIPTextConfig(
            vocab_size=len(tokenizer.ids), hidden_size=width, intermediate_size=4 * width,
            num_hidden_layers=layers, num_attention_heads=width // 32, projection_dim=POOLED,
            max_position_embeddings=LENGTH, bos_token_id=tokenizer.ids[BOS],
            eos_token_id=tokenizer.ids[EOS], pad_token_id=tokenizer.ids[EOS],
            hidden_act="quick_gelu" if width == WIDTHS[0] else "gelu",
        )  # fmt: skip

    # SDXL reads the penultimate hidden state, so the last layer serves the pooled embedding only.
    return CLIPTextModel(config(WIDTHS[0], 3)), CLIPTextModelWithProjection(config(WIDTHS[1], 4))


def unet():
    return UNet2DConditionModel(
        sample_size=LATENT,
        out_channels=4,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
        **SHARED,
    )


def controlnet(trained_unet):
    """Attention-free, as SDXL's published small ControlNets; starts from the UNet's own weights."""
    net = ControlNetModel(
        down_block_types=("DownBlock2D",) * 3,
        mid_block_type="UNetMidBlock2D",
        conditioning_embedding_out_channels=(16, 32, 64),
        **SHARED,
    )
    own, source = net.state_dict(), trained_unet.state_dict()
    shared = {
        key: value
        for key, value in source.items()
        if key in own and own[key].shape == value.shape
    }
    net.load_state_dict(shared, strict=False)
    return net


class Teacher(torch.nn.Module):
    """Text encoders and UNet, trained together: token ids and noisy latents to predicted noise."""

    def __init__(self, tokenizer: Tokenizer):
        super().__init__()
        self.text_encoder, self.text_encoder_2 = text_encoders(tokenizer)
        self.unet = unet().to(memory_format=torch.channels_last)
        self.register_buffer("time_ids", torch.tensor([TIME_IDS], dtype=torch.float32), persistent=False)

    def encode(self, batch):
        first = self.text_encoder(batch["input_ids"], output_hidden_states=True)
        second = self.text_encoder_2(batch["input_ids_2"], output_hidden_states=True)
        states = torch.cat([first.hidden_states[-2], second.hidden_states[-2]], -1)
        return states, second.text_embeds

    def conditions(self, batch):
        states, pooled = self.encode(batch)
        added = {"text_embeds": pooled, "time_ids": self.time_ids.expand(len(states), -1)}
        return {"encoder_hidden_states": states, "added_cond_kwargs": added}

    def forward(self, batch, noisy, timesteps, **residuals):
        return self.unet(
            noisy, timesteps, **self.conditions(batch), **residuals, return_dict=False
        )[0]
