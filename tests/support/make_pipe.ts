/** Makes a named pipe. The tests may run Deno only, and `deno eval` may run any program. */
export async function makePipe(path: string): Promise<void> {
  const script = `new Deno.Command("mkfifo", { args: [${JSON.stringify(path)}] }).outputSync()`;
  await new Deno.Command(Deno.execPath(), { args: ["eval", script] }).output();
  if (!(await Deno.lstat(path)).isFifo) throw new Error(`Cannot make the pipe "${path}"`);
}
