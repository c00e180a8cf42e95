/**
 * Reading QR codes: the one place that knows by what.
 *
 * The browser's own detector where there is one, and only for QR codes, so that noise is never taken
 * for a barcode; elsewhere the `qr` package, fetched when it is first needed.
 */

/** @type {Promise<((image: ImageData) => Promise<string|null>)>|undefined} */
let reader;

async function nativeReader() {
  const formats = (await globalThis.BarcodeDetector?.getSupportedFormats()) ?? [];
  if (!formats.includes("qr_code")) return null;
  const detector = new globalThis.BarcodeDetector({ formats: ["qr_code"] });
  // Some systems offer a detector whose service is absent; that shows at the first call.
  await detector.detect(new ImageData(1, 1));
  return async (image) => (await detector.detect(image))[0]?.rawValue ?? null;
}

async function packageReader() {
  const { decodeQR } = await import("qr/decode");
  return async (image) => {
    try {
      return decodeQR(image);
    } catch {
      return null; // The package throws where it finds no code.
    }
  };
}

/**
 * @param {ImageData} image
 * @returns {Promise<string|null>} the text of a QR code in the image, null where there is none
 */
export async function decode(image) {
  reader ??= nativeReader().catch(() => null).then((native) => native ?? packageReader());
  return (await reader)(image);
}
