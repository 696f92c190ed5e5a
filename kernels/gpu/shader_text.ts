import type { Kernel } from "./kernel.ts";

/** A message of the shader compiler; a position counts from 1. */
export type ShaderMessage = Pick<GPUCompilationMessage, "lineNum" | "linePos" | "message">;

/** Returns the WGSL of a kernel: its preludes in order, then its own source. */
export function shaderText(kernel: Kernel): string {
  return filesOf(kernel).map(({ source }) => source).join("\n");
}

/**
 * Describes compiler errors by file and line, with the line itself.
 *
 * @returns For each error two lines, such as `mirror.wgsl:3:10: expected ";"` and the source line.
 */
export function describeShaderErrors(kernel: Kernel, errors: readonly ShaderMessage[]): string {
  return errors.map(({ lineNum, linePos, message }) => {
    const { file, line, text } = locate(kernel, lineNum);
    return `${file}:${line}:${linePos}: ${summaryOf(message)}\n  ${text.trim()}`;
  }).join("\n");
}

function filesOf({ name, source, prelude = [] }: Kernel) {
  return [...prelude, { file: `${name}.wgsl`, source }];
}

/** Finds a line of the joined text in its file; lines count from 1. */
function locate(
  kernel: Kernel,
  joinedLine: number,
): { readonly file: string; readonly line: number; readonly text: string } {
  const files = filesOf(kernel);
  let line = joinedLine;
  for (const { file, source } of files) {
    const lines = source.split("\n");
    if (line <= lines.length) return { file, line, text: lines[line - 1] ?? "" };
    line -= lines.length;
  }
  return { file: files.at(-1)!.file, line, text: "" };
}

/** First line of a message, without wgpu's prefix that repeats the name of the shader. */
function summaryOf(message: string): string {
  return message.trim().split("\n")[0]!.replace(/^Shader '[^']*' parsing error: /, "");
}
