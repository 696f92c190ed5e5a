"""Training steps that cost the processor little: one CUDA graph, and all parameters in one vector.

A small network at these sizes is thousands of short kernels, which a processor hands over more
slowly than the device runs them. A CUDA graph submits them in one call, and the compiler makes
fewer of them. The update of all parameters is one kernel more.
"""

import torch

import parallel

CLIP = 1.0  # maximum norm of the gradient


def update(vector, half, average, moment1, moment2, gradient, numbers):
    """AdamW (Loshchilov & Hutter 2019) and the average of the weights, in place.

    numbers: rate, decay, beta1, beta2, their corrections 1 - beta^steps, 1 - average's decay, clip.
    """
    rate, decay, beta1, beta2, left1, left2, fresh, clip = numbers.unbind()
    gradient = gradient.float() * clip
    moment1.lerp_(gradient, 1 - beta1)
    moment2.mul_(beta2).add_(gradient * gradient * (1 - beta2))
    vector.mul_(1 - rate * decay).sub_(rate / left1 * moment1 / ((moment2 / left2).sqrt() + 1e-8))
    average.lerp_(vector, fresh)
    if half is not None:
        half.copy_(vector)


class Weights:
    """Parameters of networks in one vector, with AdamW's moments and their average.

    With `half`, the networks compute with a bfloat16 copy of the vector, and so are the gradients.
    """

    def __init__(self, parameters, beta1=0.9, beta2=0.99, decay=0.01, average=0.9995, half=False):
        self.parameters = [p for p in parameters if p.requires_grad]
        self.beta1, self.beta2, self.decay, self.average_decay = beta1, beta2, decay, average
        self.vector = torch.cat([self.line(p.data.float()) for p in self.parameters])
        parallel.share([self.vector])
        self.half = self.vector.bfloat16() if half else None
        self.gradient = torch.zeros_like(self.half if half else self.vector)
        self.point(self.half if half else self.vector)
        self.moment1, self.moment2 = torch.zeros_like(self.vector), torch.zeros_like(self.vector)
        self.average, self.steps = self.vector.clone(), 0
        self.numbers = torch.zeros(8, device=self.vector.device)
        self.update = torch.compile(update) if self.vector.is_cuda else update

    def point(self, vector):
        """Makes the parameters views of a vector."""
        offset = 0
        for p in self.parameters:
            part = slice(offset, offset + p.numel())
            p.data, p.grad = self.like(vector[part], p), None
            if vector.dtype == self.gradient.dtype:
                p.grad = self.like(self.gradient[part], p)
            offset += p.numel()

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
        young = (1 + self.steps) / (10 + self.steps)
        norm = torch.linalg.vector_norm(self.gradient, dtype=torch.float32)
        numbers = [
            rate, self.decay, self.beta1, self.beta2, 1 - self.beta1**self.steps, 1 - self.beta2**self.steps,
            1 - min(self.average_decay, young), 0,
        ]  # fmt: skip
        self.numbers.copy_(torch.tensor(numbers).pin_memory() if self.vector.is_cuda else torch.tensor(numbers), non_blocking=True)
        self.numbers[7] = (CLIP / (norm + 1e-6)).clamp(max=1)
        self.update(self.vector, self.half, self.average, self.moment1, self.moment2, self.gradient, self.numbers)

    def take_average(self):
        """Leaves training: the networks hold the average, in float32."""
        self.vector.copy_(self.average)
        self.gradient = self.gradient.float()
        self.point(self.vector)

    def state(self):
        return {"vector": self.vector, "average": self.average, "moment1": self.moment1, "moment2": self.moment2}

    def restore(self, tensors, steps: int):
        """Takes some of the tensors of `state`, and the number of updates behind the moments."""
        for name, tensor in self.state().items():
            if name in tensors:
                tensor.copy_(tensors[name])
        self.steps = steps if "moment1" in tensors and "moment2" in tensors else 0
        if self.half is not None:
            self.half.copy_(self.vector)


class Step:
    """The loss and its gradient for inputs of fixed shapes, captured as a CUDA graph at first
    use."""

    def __init__(self, loss, weights: Weights, compiled=False, pool=None):
        self.function = torch.compile(loss) if compiled and torch.cuda.is_available() else loss
        # Graphs that share a pool share the memory of what they forget, as only one runs at a time.
        self.weights, self.pool = weights, pool
        self.graph = self.inputs = self.loss = None

    def run(self):
        self.weights.gradient.zero_()
        # Casts are not kept: a graph would read those of its capture forever.
        with torch.autocast(self.weights.vector.device.type, torch.bfloat16, enabled=torch.cuda.is_available() and self.weights.half is None, cache_enabled=False):
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
        # Other threads continue meanwhile: they pin memory and watch the network.
        with torch.cuda.graph(graph, pool=self.pool, capture_error_mode="thread_local"):
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
