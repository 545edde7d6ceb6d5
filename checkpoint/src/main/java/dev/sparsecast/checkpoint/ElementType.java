package dev.sparsecast.checkpoint;

/** Element types of safetensors files; the names are those of the format. */
public enum ElementType {
    F64(8),
    F32(4),
    F16(2),
    BF16(2),
    I64(8),
    I32(4),
    I16(2),
    I8(1),
    U8(1),
    BOOL(1);

    private final int bytes;

    ElementType(int bytes) {
        this.bytes = bytes;
    }

    /** Bytes of one element. */
    public int bytes() {
        return bytes;
    }

    /** Whether weights may have this type: BF16, F16 or F32. */
    public boolean isWeight() {
        return this == BF16 || this == F16 || this == F32;
    }
}
