"""The networks of `mini`: SDXL's classes of diffusers and transformers in plain PyTorch, made
small.

Names of weights and results are those of UNet2DConditionModel, ControlNetModel, AutoencoderTiny,
CLIPTextModel and CLIPTextModelWithProjection, so that what is trained here is read there and in the
toolkit. Written out here because a short graph without branches compiles well and needs PyTorch
alone.
"""

import math

import torch
import torch.nn.functional as F
from torch import nn

SIZE, LENGTH = 128, 24  # pixels of a picture's side, tokens of a prompt
FACTOR = 4  # of the autoencoder
LATENT = SIZE // FACTOR
WIDTHS, LAYERS, PART = (128, 192), (3, 4), 32  # of the text encoders; PART: width of a head
POOLED, TIME = 128, 64
CHANNELS, HEADS, GROUPS = (96, 160, 384), (3, 5, 12), 16
DEPTHS = (1, 1, 1)  # transformer blocks of each attention at a level; the first level has none
# original height and width, crop top and left, target height and width: SDXL's micro-conditioning
TIME_IDS = (SIZE, SIZE, 0, 0, SIZE, SIZE)


# Autoencoder


class TinyBlock(nn.Module):
    def __init__(self, width: int):
        super().__init__()
        layers = []
        for _ in range(3):
            layers += [nn.Conv2d(width, width, 3, padding=1), nn.ReLU()]
        self.conv = nn.Sequential(*layers[:-1])

    def forward(self, x):
        return F.relu(self.conv(x) + x)


class Encoder(nn.Module):
    def __init__(self, width=48, blocks=(0, 1, 4)):
        super().__init__()
        layers = []
        for level, count in enumerate(blocks):
            first = level == 0
            layers.append(nn.Conv2d(3 if first else width, width, 3, 1 if first else 2, 1, bias=first))
            layers += [TinyBlock(width) for _ in range(count)]
        self.layers = nn.Sequential(*layers, nn.Conv2d(width, 4, 3, padding=1))

    def forward(self, pictures):
        """Pictures [B, 3, 128, 128] in [-1, 1] to latents [B, 4, 32, 32]."""
        return self.layers((pictures + 1) / 2)


class Decoder(nn.Module):
    def __init__(self, width=64, blocks=(4, 3, 1)):
        super().__init__()
        layers = [nn.Conv2d(4, width, 3, padding=1), nn.ReLU()]
        for level, count in enumerate(blocks):
            last = level == len(blocks) - 1
            layers += [TinyBlock(width) for _ in range(count)]
            if not last:
                layers.append(nn.Upsample(scale_factor=2, mode="nearest"))
            layers.append(nn.Conv2d(width, 3 if last else width, 3, padding=1, bias=last))
        self.layers = nn.Sequential(*layers)

    def forward(self, latents):
        """Latents [B, 4, 32, 32] to pictures [B, 3, 128, 128], about [-1, 1]."""
        return self.layers(torch.tanh(latents / 3) * 3) * 2 - 1


class Autoencoder(nn.Module):
    # No block at full resolution in the encoder: distillation runs it forward and backward each
    # step.
    def __init__(self):
        super().__init__()
        self.encoder, self.decoder = Encoder(), Decoder()
        self.scaling_factor = 1.0


# Text encoders


class TextAttention(nn.Module):
    def __init__(self, width: int, causal=True):
        super().__init__()
        self.heads, self.causal = width // PART, causal
        self.k_proj, self.v_proj, self.q_proj, self.out_proj = (nn.Linear(width, width) for _ in range(4))

    def forward(self, x):
        b, n, c = x.shape
        q, k, v = (f(x).view(b, n, self.heads, -1).transpose(1, 2) for f in (self.q_proj, self.k_proj, self.v_proj))
        x = F.scaled_dot_product_attention(q, k, v, is_causal=self.causal)
        return self.out_proj(x.transpose(1, 2).reshape(b, n, c))


class TextMlp(nn.Module):
    def __init__(self, width: int, quick: bool):
        super().__init__()
        self.quick = quick
        self.fc1, self.fc2 = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)

    def forward(self, x):
        x = self.fc1(x)
        return self.fc2(x * torch.sigmoid(1.702 * x) if self.quick else F.gelu(x))


class TextLayer(nn.Module):
    def __init__(self, width: int, quick: bool, causal=True):
        super().__init__()
        self.self_attn, self.mlp = TextAttention(width, causal), TextMlp(width, quick)
        self.layer_norm1, self.layer_norm2 = nn.LayerNorm(width), nn.LayerNorm(width)

    def forward(self, x):
        x = x + self.self_attn(self.layer_norm1(x))
        return x + self.mlp(self.layer_norm2(x))


class TextModel(nn.Module):
    def __init__(self, vocabulary: int, width: int, layers: int, quick: bool):
        super().__init__()
        self.embeddings = nn.ModuleDict({
            "token_embedding": nn.Embedding(vocabulary, width), "position_embedding": nn.Embedding(LENGTH, width),
        })  # fmt: skip
        self.encoder = nn.ModuleDict({"layers": nn.ModuleList(TextLayer(width, quick) for _ in range(layers))})
        self.final_layer_norm = nn.LayerNorm(width)
        for table in self.embeddings.values():
            nn.init.normal_(table.weight, std=0.02)

    def forward(self, ids, last: bool):
        """Returns the penultimate hidden states and, if `last`, the normed last ones [B, 24,
        width]."""
        x = self.embeddings["token_embedding"](ids) + self.embeddings["position_embedding"].weight
        for layer in self.encoder["layers"][:-1]:
            x = layer(x)
        return x, self.final_layer_norm(self.encoder["layers"][-1](x)) if last else None


class TextProjection(nn.Module):
    """The second encoder: `text_model` and the projection of its state at the end token."""

    def __init__(self, vocabulary: int, width: int, layers: int, end: int):
        super().__init__()
        self.text_model, self.end = TextModel(vocabulary, width, layers, False), end
        self.text_projection = nn.Linear(width, POOLED, bias=False)

    def forward(self, ids):
        states, last = self.text_model(ids, True)
        at = (ids == self.end).int().argmax(1)
        pooled = last.gather(1, at.view(-1, 1, 1).expand(-1, 1, last.shape[-1]))[:, 0]
        return states, self.text_projection(pooled)


# UNet and ControlNet


def waves(values, width: int):
    """Sinusoidal embedding [..., width] of float32 values: cosines first, as SDXL has it."""
    half = width // 2
    steps = torch.exp(-math.log(10000) * torch.arange(half, device=values.device, dtype=torch.float32) / half)
    angles = values.float()[..., None] * steps
    return torch.cat([angles.cos(), angles.sin()], -1)


class Embedding(nn.Module):
    def __init__(self, inputs: int, width: int):
        super().__init__()
        self.linear_1, self.linear_2 = nn.Linear(inputs, width), nn.Linear(width, width)

    def forward(self, x):
        return self.linear_2(F.silu(self.linear_1(x)))


class Resnet(nn.Module):
    def __init__(self, inputs: int, outputs: int, time: int):
        super().__init__()
        self.norm1, self.conv1 = nn.GroupNorm(GROUPS, inputs, 1e-5), nn.Conv2d(inputs, outputs, 3, padding=1)
        self.time_emb_proj = nn.Linear(time, outputs)
        self.norm2, self.conv2 = nn.GroupNorm(GROUPS, outputs, 1e-5), nn.Conv2d(outputs, outputs, 3, padding=1)
        if inputs != outputs:
            self.conv_shortcut = nn.Conv2d(inputs, outputs, 1)
        self.same = inputs == outputs

    def forward(self, x, time):
        h = self.conv1(F.silu(self.norm1(x))) + self.time_emb_proj(time)[:, :, None, None]
        h = self.conv2(F.silu(self.norm2(h)))
        return h + (x if self.same else self.conv_shortcut(x))


class Attention(nn.Module):
    def __init__(self, width: int, heads: int, context: int):
        super().__init__()
        self.heads = heads
        self.to_q = nn.Linear(width, width, bias=False)
        self.to_k, self.to_v = (nn.Linear(context, width, bias=False) for _ in range(2))
        self.to_out = nn.ModuleList([nn.Linear(width, width)])

    def forward(self, x, context):
        b, n, c = x.shape
        q, k, v = (
            f(y).view(b, y.shape[1], self.heads, -1).transpose(1, 2)
            for f, y in ((self.to_q, x), (self.to_k, context), (self.to_v, context))
        )
        x = F.scaled_dot_product_attention(q, k, v)
        return self.to_out[0](x.transpose(1, 2).reshape(b, n, c))


class Gated(nn.Module):
    def __init__(self, width: int):
        super().__init__()
        self.proj = nn.Linear(width, 8 * width)

    def forward(self, x):
        x, gate = self.proj(x).chunk(2, -1)
        return x * F.gelu(gate)


class FeedForward(nn.Module):
    def __init__(self, width: int):
        super().__init__()
        self.net = nn.ModuleList([Gated(width), nn.Identity(), nn.Linear(4 * width, width)])

    def forward(self, x):
        return self.net[2](self.net[0](x))


class TransformerBlock(nn.Module):
    def __init__(self, width: int, heads: int):
        super().__init__()
        self.norm1, self.norm2, self.norm3 = (nn.LayerNorm(width) for _ in range(3))
        self.attn1, self.attn2 = Attention(width, heads, width), Attention(width, heads, sum(WIDTHS))
        self.ff = FeedForward(width)

    def forward(self, x, context):
        y = self.norm1(x)
        x = x + self.attn1(y, y)
        x = x + self.attn2(self.norm2(x), context)
        return x + self.ff(self.norm3(x))


class Transformer(nn.Module):
    def __init__(self, width: int, heads: int, depth: int):
        super().__init__()
        self.norm, self.proj_in = nn.GroupNorm(GROUPS, width, 1e-6), nn.Linear(width, width)
        self.transformer_blocks = nn.ModuleList(TransformerBlock(width, heads) for _ in range(depth))
        self.proj_out = nn.Linear(width, width)

    def forward(self, x, context):
        b, c, h, w = x.shape
        y = self.proj_in(self.norm(x).permute(0, 2, 3, 1).reshape(b, h * w, c))
        for block in self.transformer_blocks:
            y = block(y, context)
        return x + self.proj_out(y).view(b, h, w, c).permute(0, 3, 1, 2)


class Resample(nn.Module):
    def __init__(self, width: int, stride: int):
        super().__init__()
        self.stride, self.conv = stride, nn.Conv2d(width, width, 3, stride, 1)

    def forward(self, x):
        return self.conv(x if self.stride == 2 else F.interpolate(x, scale_factor=2.0, mode="nearest"))


class Block(nn.Module):
    """A level on the way down, in the middle or up: resnets, each followed by attention if it has
    heads."""

    def __init__(self, inputs, outputs: int, time: int, heads: int, depth: int, resample: int = 0):
        super().__init__()
        self.resnets = nn.ModuleList(Resnet(width, outputs, time) for width in inputs)
        count = len(inputs) if heads else 0
        if count:
            self.attentions = nn.ModuleList(Transformer(outputs, heads, depth) for _ in range(count))
        self.attended = bool(count)
        self.resample = {2: "downsamplers", 1: "upsamplers"}.get(resample)
        if resample:
            self.add_module(self.resample, nn.ModuleList([Resample(outputs, resample)]))

    def after(self, x):
        return getattr(self, self.resample)[0](x) if self.resample else x


class Middle(nn.Module):
    def __init__(self, width: int, time: int, heads: int, depth: int):
        super().__init__()
        self.attended = heads > 0
        self.resnets = nn.ModuleList(Resnet(width, width, time) for _ in range(2 if heads else 1))
        if heads:
            self.attentions = nn.ModuleList([Transformer(width, heads, depth)])

    def forward(self, x, time, context):
        x = self.resnets[0](x, time)
        return self.resnets[1](self.attentions[0](x, context), time) if self.attended else x


class Trunk(nn.Module):
    """What UNet and ControlNet share: embeddings, the way down and the middle."""

    def __init__(self, attended: bool):
        super().__init__()
        time = 4 * CHANNELS[0]
        self.conv_in = nn.Conv2d(4, CHANNELS[0], 3, padding=1)
        self.register_buffer("sizes", waves(torch.tensor(TIME_IDS), TIME).flatten(), persistent=False)
        self.time_embedding = Embedding(CHANNELS[0], time)
        self.add_embedding = Embedding(POOLED + 6 * TIME, time)
        self.down_blocks = nn.ModuleList()
        for level, width in enumerate(CHANNELS):
            heads = HEADS[level] if attended and level else 0
            last = level == len(CHANNELS) - 1
            inputs = [CHANNELS[max(0, level - 1)]]
            self.down_blocks.append(Block(inputs, width, time, heads, DEPTHS[level], 0 if last else 2))
        self.mid_block = Middle(CHANNELS[-1], time, HEADS[-1] if attended else 0, DEPTHS[-1])

    def embed(self, timesteps, pooled):
        kind = self.conv_in.weight.dtype
        added = torch.cat([pooled.to(kind), self.sizes.to(kind).expand(len(pooled), -1)], 1)
        time = self.time_embedding(waves(timesteps, CHANNELS[0]).to(kind)) + self.add_embedding(added)
        return F.silu(time)

    def down(self, x, time, context):
        """Returns the coarsest state and all states for the way up, that of conv_in first."""
        states = [x]
        for block in self.down_blocks:
            for i, resnet in enumerate(block.resnets):
                x = resnet(x, time)
                if block.attended:
                    x = block.attentions[i](x, context)
                states.append(x)
            if block.resample:
                x = block.after(x)
                states.append(x)
        return x, states


class UNet(Trunk):
    def __init__(self):
        super().__init__(True)
        time = 4 * CHANNELS[0]
        skips = [CHANNELS[0], *(width for width, block in zip(CHANNELS, self.down_blocks) for _ in range(1 + bool(block.resample)))]
        self.up_blocks, width = nn.ModuleList(), CHANNELS[-1]
        for level in reversed(range(len(CHANNELS))):
            inputs = []
            for _ in range(2):
                inputs.append(width + skips.pop())
                width = CHANNELS[level]
            heads = HEADS[level] if level else 0
            self.up_blocks.append(Block(inputs, width, time, heads, DEPTHS[level], 1 if level else 0))
        self.conv_norm_out = nn.GroupNorm(GROUPS, CHANNELS[0], 1e-5)
        self.conv_out = nn.Conv2d(CHANNELS[0], 4, 3, padding=1)

    def forward(self, noisy, timesteps, context, pooled, down=None, middle=None):
        """Noisy latents [B, 4, 32, 32], timesteps [B], text [B, 24, 320] and [B, 128] to noise."""
        time = self.embed(timesteps, pooled)
        x, states = self.down(self.conv_in(noisy), time, context)
        x = self.mid_block(x, time, context)
        if down is not None:
            states, x = [a + b for a, b in zip(states, down)], x + middle
        for block in self.up_blocks:
            for i, resnet in enumerate(block.resnets):
                x = resnet(torch.cat([x, states.pop()], 1), time)
                if block.attended:
                    x = block.attentions[i](x, context)
            x = block.after(x)
        return self.conv_out(F.silu(self.conv_norm_out(x)))


class EdgeEmbedding(nn.Module):
    """Edges [B, 3, 128, 128] to features at the latents' size."""

    def __init__(self, widths=(16, 32, 64)):
        super().__init__()
        self.conv_in = nn.Conv2d(3, widths[0], 3, padding=1)
        self.blocks = nn.ModuleList()
        for a, b in zip(widths, widths[1:]):
            self.blocks += [nn.Conv2d(a, a, 3, padding=1), nn.Conv2d(a, b, 3, 2, 1)]
        self.conv_out = nn.Conv2d(widths[-1], CHANNELS[0], 3, padding=1)

    def forward(self, x):
        x = F.silu(self.conv_in(x))
        for block in self.blocks:
            x = F.silu(block(x))
        return self.conv_out(x)


class ControlNet(Trunk):
    """Attention-free, as SDXL's published small ControlNets."""

    def __init__(self):
        super().__init__(False)
        self.controlnet_cond_embedding = EdgeEmbedding()
        widths = [CHANNELS[0], *(width for width, block in zip(CHANNELS, self.down_blocks) for _ in range(1 + bool(block.resample)))]
        self.controlnet_down_blocks = nn.ModuleList(nn.Conv2d(width, width, 1) for width in widths)
        self.controlnet_mid_block = nn.Conv2d(CHANNELS[-1], CHANNELS[-1], 1)
        silent = [self.controlnet_cond_embedding.conv_out, *self.controlnet_down_blocks, self.controlnet_mid_block]
        for layer in silent:
            nn.init.zeros_(layer.weight)
            nn.init.zeros_(layer.bias)

    def forward(self, noisy, timesteps, edges, pooled):
        time = self.embed(timesteps, pooled)
        x = self.conv_in(noisy) + self.controlnet_cond_embedding(edges)
        x, states = self.down(x, time, None)
        x = self.mid_block(x, time, None)
        return [f(state) for f, state in zip(self.controlnet_down_blocks, states)], self.controlnet_mid_block(x)


def controlnet(unet: UNet):
    """A new ControlNet that starts from the UNet's own weights."""
    net = ControlNet()
    own, source = net.state_dict(), unet.state_dict()
    net.load_state_dict({k: v for k, v in source.items() if k in own and own[k].shape == v.shape}, strict=False)
    return net


class Teacher(nn.Module):
    """Text encoders and UNet, trained together: token ids and noisy latents to predicted noise."""

    def __init__(self, vocabulary: int, end: int):
        super().__init__()
        self.text_encoder = TextModel(vocabulary, WIDTHS[0], LAYERS[0], True)
        self.text_encoder_2 = TextProjection(vocabulary, WIDTHS[1], LAYERS[1], end)
        self.unet = UNet()

    def conditions(self, ids, ids_2):
        """Token ids [B, 24] twice to text [B, 24, 320] and its summary [B, 128]."""
        # SDXL reads the penultimate state, so the last layer serves the pooled embedding only.
        first, _ = self.text_encoder(ids, False)
        second, pooled = self.text_encoder_2(ids_2)
        return torch.cat([first, second], -1), pooled

    def forward(self, ids, ids_2, noisy, timesteps, **residuals):
        return self.unet(noisy, timesteps, *self.conditions(ids, ids_2), **residuals)


def alphas_cumprod():
    """Shares of the signal's energy at the 1,000 times: SDXL's scaled-linear schedule."""
    betas = torch.linspace(0.00085**0.5, 0.012**0.5, 1000, dtype=torch.float64) ** 2
    return (1 - betas).cumprod(0).float()
