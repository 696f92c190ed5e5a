/** The address of a queue or a store is wrong. */
export class AddressError extends Error {
  /** Name of the class, as it is printed. */
  override readonly name = "AddressError";
}

/** The queue cannot be used: its server does not answer, or the keys of its store are missing. */
export class QueueError extends Error {
  /** Name of the class, as it is printed. */
  override readonly name = "QueueError";
}

/** A job is wrong: no worker can ever make its picture. */
export class JobError extends Error {
  /** Name of the class, as it is printed. */
  override readonly name = "JobError";

  /** @param found What is wrong, without a final period. */
  constructor(found: string, options?: ErrorOptions) {
    super(`Cannot make the picture of a job: ${found}`, options);
  }
}
