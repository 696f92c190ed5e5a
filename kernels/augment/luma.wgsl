// Weights of red, green and blue in the luma of a pixel.
// Source: torchvision.transforms.functional.rgb_to_grayscale, weights of ITU-R BT.601.

const LUMA = vec3f(0.2989, 0.587, 0.114);
