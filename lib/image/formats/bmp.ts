import { decodeByRuntime } from "../decode_by_runtime.ts";
import { hasBytes, viewOf } from "../byte_view.ts";
import type { ImageFormat } from "../image_format.ts";

/** BMP, decoded by the runtime. */
export const BMP: ImageFormat = {
  name: "BMP",
  extensions: [".bmp"],
  sniff: (bytes) => hasBytes(bytes, 0, "BM"),
  sizes: (bytes) => {
    const view = viewOf(bytes);
    if (view.getUint32(14, true) === 12) {
      return [{ width: view.getUint16(18, true), height: view.getUint16(20, true) }];
    }
    // A negative height means that rows are stored from the top.
    return [{ width: view.getInt32(18, true), height: Math.abs(view.getInt32(22, true)) }];
  },
  decode: async (bytes) => ({ image: await decodeByRuntime(bytes) }),
};
