package dev.sparsecast.wanda.selection;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorSpecies;

/** The vectors of the vector kernel: as many 32-bit lanes as the JVM finds best on this machine. */
final class Lanes {
    static final VectorSpecies<Integer> INTS = IntVector.SPECIES_PREFERRED;
    static final VectorSpecies<Float> FLOATS = FloatVector.SPECIES_PREFERRED;

    /** As many shorts as there are lanes, for what is widened to 32 bits. */
    static final VectorSpecies<Short> SHORTS = INTS.length() == 16 ? ShortVector.SPECIES_256 : ShortVector.SPECIES_128;

    /** Lanes of a vector: 8 or 16. */
    static final int COUNT = INTS.length();

    private Lanes() {}

    /** Columns with padding: whole words of mask bits, hence whole vectors. */
    static int padded(int columns) {
        return Math.ceilDiv(columns, Long.SIZE) * Long.SIZE;
    }
}
