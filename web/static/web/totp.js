/**
 * Codes of RFC 6238 by the browser's own cryptography.
 *
 * The key is not extractable: once imported, no script reads the secret back, not even ours.
 */

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
const HASHES = { SHA1: "SHA-1", SHA256: "SHA-256", SHA512: "SHA-512" };

/** @returns {Uint8Array} the bytes of a base32 text without padding (RFC 4648 §6) */
function fromBase32(text) {
  const bytes = [];
  let bits = 0;
  let value = 0;
  for (const letter of text) {
    value = ((value << 5) | ALPHABET.indexOf(letter)) & 0xfff;
    bits += 5;
    if (bits >= 8) {
      bits -= 8;
      bytes.push((value >> bits) & 0xff);
    }
  }
  return new Uint8Array(bytes);
}

/**
 * @param {string} secret base32
 * @param {"SHA1"|"SHA256"|"SHA512"} algorithm
 * @returns {Promise<CryptoKey>} a key that signs and can never be exported
 */
export function importKey(secret, algorithm) {
  const hmac = { name: "HMAC", hash: HASHES[algorithm] };
  return crypto.subtle.importKey("raw", fromBase32(secret), hmac, false, ["sign"]);
}

/** The time step of a moment (RFC 6238 §4.2). */
export function stepAt(unixMs, periodS) {
  return Math.floor(unixMs / 1000 / periodS);
}

/** @returns {Promise<string>} the code of a step: RFC 4226 §5.3 with the step as the counter */
export async function codeAt(key, step, digits) {
  const counter = new DataView(new ArrayBuffer(8));
  counter.setBigUint64(0, BigInt(step));
  const mac = new DataView(await crypto.subtle.sign("HMAC", key, counter));
  const offset = mac.getUint8(mac.byteLength - 1) & 0xf;
  const number = mac.getUint32(offset) & 0x7fffffff;
  return String(number % 10 ** digits).padStart(digits, "0");
}
