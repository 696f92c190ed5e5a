import type { Flag } from "./flag.ts";

/** The flags of `worker` and `queue`, and those of `generate` that need a queue. */
export const QUEUE_FLAGS = [
  {
    name: "--queue",
    commands: ["generate"],
    value: "redis://host:6379",
    path: "server",
    help: "have the pictures made by the workers of this Redis or Valkey server (deno task worker)",
  },
  {
    name: "--priority",
    commands: ["generate"],
    value: "number",
    needs: "queue",
    help: "of the jobs in the queue: smaller numbers are made first (default: 100)",
  },
  {
    name: "--max-waiting",
    commands: ["generate"],
    value: "number",
    needs: "queue",
    help: "add jobs only while fewer than this many wait (default: 10000)",
  },
  {
    name: "--detach",
    commands: ["generate"],
    needs: "queue",
    help: "only add the jobs, and do not wait for the pictures",
  },
  {
    name: "--queue",
    commands: ["worker", "queue"],
    value: "redis://host:6379",
    path: "server",
    help: "address of the Redis or Valkey server; a password may be in SMALTI_QUEUE_PASSWORD",
  },
  {
    name: "--store",
    commands: ["worker"],
    value: "folder|s3://…",
    path: "store",
    help:
      "where results go, the same for all workers: a folder that all see, s3://bucket/prefix, " +
      "or s3+https://host/bucket/prefix",
  },
  {
    name: "--model",
    commands: ["worker"],
    value: "name|file|url",
    isList: true,
    path: "read",
    help:
      "a model that jobs may name: a teacher, LoRA, autoencoder or ControlNet; may be repeated " +
      "(default: mini)",
  },
  {
    name: "--download",
    commands: ["worker"],
    help: "download missing files of models on the Hub",
  },
  {
    name: "--runtime",
    commands: ["worker"],
    value: "name",
    help: "what runs the networks: auto, webgpu, wasm or native (default: auto)",
  },
  {
    name: "--output",
    aliases: ["-o"],
    commands: ["worker"],
    value: "folder",
    path: "write",
    help: "folder of the runs in progress, on a local disk (default: workdir)",
  },
  {
    name: "--checkpoint-seconds",
    commands: ["worker"],
    value: "number",
    help: "time between two saved states of a run (default: 20)",
  },
  {
    name: "--lock-seconds",
    commands: ["worker"],
    value: "number",
    help: "time after which another worker continues the job of a silent one (default: 30)",
  },
  {
    name: "--tries",
    commands: ["worker"],
    value: "number",
    help: "a job that fails as often, or ends as many workers, without a saved state between, is " +
      "set aside (default: 3)",
  },
  {
    name: "--json",
    commands: ["worker", "queue"],
    help: "print one JSON object per line, for programs",
  },
] as const satisfies readonly Flag[];
