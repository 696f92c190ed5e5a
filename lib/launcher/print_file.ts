/** Prints a file. The launcher runs it, permitted to read that one file and nothing else. */
if (import.meta.main) {
  const bytes = Deno.readFileSync(Deno.args[0]!);
  for (let done = 0; done < bytes.length;) done += Deno.stdout.writeSync(bytes.subarray(done));
}
