"""Training steps that cost the processor little: one CUDA graph, and all parameters in one vector.

A small network at these sizes is thousands of short kernels, which a processor hands over more
slowly than the device runs them. A CUDA graph hands them over at once.
"""

import torch

import parallel

CLIP = 1.0  # greatest norm of the gradient


class Weights:
    """Parameters of networks in one vector, with AdamW (Loshchilov & Hutter 2019) and their average."""

    def __init__(self, parameters, beta1=0.9, beta2=0.99, decay=0.01, average=0.9995):
        self.parameters = [p for p in parameters if p.requires_grad]
        self.beta1, self.beta2, self.decay, self.average_decay = beta1, beta2, decay, average
        self.vector = torch.cat([self.line(p.data) for p in self.parameters])
        self.gradient = torch.zeros_like(self.vector)
        offset = 0
        for p in self.parameters:
            part = slice(offset, offset + p.numel())
            p.data, p.grad = self.like(self.vector[part], p), self.like(self.gradient[part], p)
            offset += p.numel()
        parallel.share([self.vector])
        self.moment1, self.moment2 = torch.zeros_like(self.vector), torch.zeros_like(self.vector)
        self.average, self.steps = self.vector.clone(), 0

    @staticmethod
    def line(tensor):
        # Weights of convolutions lie as channels-last convolutions read them.
        return (tensor.permute(0, 2, 3, 1) if tensor.dim() == 4 else tensor).reshape(-1)

    @staticmethod
    def like(vector, p):
        if p.dim() != 4:
            return vector.view(p.shape)
        outputs, inputs, height, width = p.shape
        return vector.view(outputs, height, width, inputs).permute(0, 3, 1, 2)

    @torch.no_grad()
    def step(self, rate: float):
        self.steps += 1
        parallel.average(self.gradient)
        self.gradient *= (CLIP / (self.gradient.norm() + 1e-6)).clamp(max=1)
        self.moment1.lerp_(self.gradient, 1 - self.beta1)
        self.moment2.mul_(self.beta2).addcmul_(self.gradient, self.gradient, value=1 - self.beta2)
        spread = (self.moment2 / (1 - self.beta2**self.steps)).sqrt_().add_(1e-8)
        self.vector *= 1 - rate * self.decay
        self.vector.addcdiv_(self.moment1, spread, value=-rate / (1 - self.beta1**self.steps))
        young = (1 + self.steps) / (10 + self.steps)
        self.average.lerp_(self.vector, 1 - min(self.average_decay, young))

    def take_average(self):
        self.vector.copy_(self.average)


class Step:
    """The loss and its gradient for inputs of fixed shapes, captured as a CUDA graph at first use."""

    def __init__(self, loss, weights: Weights):
        self.function, self.weights = loss, weights
        self.graph = self.inputs = self.loss = None

    def run(self):
        self.weights.gradient.zero_()
        # Casts are not kept: a graph would read those of its capture for ever.
        with torch.autocast("cuda", torch.bfloat16, cache_enabled=False):
            loss = self.function(**self.inputs)
        loss.backward()
        return loss.detach()

    def capture(self):
        stream = torch.cuda.Stream()
        stream.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(stream):
            for _ in range(3):
                self.run()
        torch.cuda.current_stream().wait_stream(stream)
        graph = torch.cuda.CUDAGraph()
        # Other threads may go on: those that pin memory and that watch over the network.
        with torch.cuda.graph(graph, capture_error_mode="thread_local"):
            self.loss = self.run()
        self.graph = graph

    def __call__(self, rate: float, **inputs):
        if self.inputs is None:
            self.inputs = {name: value.clone() for name, value in inputs.items()}
            if torch.cuda.is_available():
                self.capture()
        for name, value in inputs.items():
            self.inputs[name].copy_(value)
        if self.graph is None:
            self.loss = self.run()
        else:
            self.graph.replay()
        self.weights.step(rate)
        return self.loss
