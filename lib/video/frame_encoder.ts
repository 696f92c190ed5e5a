/**
 * Encodes the frames of one file, in a format of its own.
 *
 * Whoever creates it disposes of it, finished or not. Calls are awaited one after the other.
 */
export interface FrameEncoder extends AsyncDisposable {
  /**
   * Encodes a frame.
   *
   * @param pixels Shape [H, W]: palette indices, or the bytes red, green, blue and alpha of each
   * pixel, whichever the encoder was made for. They belong to the encoder from now on.
   */
  add(pixels: Uint32Array<ArrayBuffer>): Promise<void>;
  /** Writes what is left. */
  finish(): Promise<void>;
}
