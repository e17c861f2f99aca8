declare module 'siphash' {
  const siphash: {
    /** 64 bits as 16 hex digits. `key` is four 32-bit words. */
    hash_hex(key: Uint32Array, message: string | Uint8Array): string
  }
  export default siphash
}
