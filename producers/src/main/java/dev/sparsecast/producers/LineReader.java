package dev.sparsecast.producers;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/** Lines of UTF-8 of a limited length; what is longer, or no UTF-8, is passed over in bounded memory and told apart. */
final class LineReader implements AutoCloseable {
    private final InputStream stream;
    private final int longest;

    /** A line. */
    sealed interface Line {
        /** What it says, without its end. */
        record Text(String text) implements Line {}

        /** It is no text that can be used. */
        record Unusable(String reason) implements Line {}
    }

    /**
     * Reads a stream.
     *
     * @param longest most bytes of a line
     */
    LineReader(InputStream stream, int longest) {
        this.stream = new BufferedInputStream(stream, 1 << 16);
        this.longest = longest;
    }

    /** The next line, or null at the end. */
    @Nullable
    Line next() throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        long length = 0;
        int one = stream.read();
        if (one < 0) {
            return null;
        }
        for (; one >= 0 && one != '\n'; one = stream.read()) {
            if (length++ < longest) {
                bytes.write(one);
            }
        }
        return length > longest
                ? new Line.Unusable("the line has " + length + " bytes, more than " + longest)
                : decode(bytes.toByteArray());
    }

    private static Line decode(byte[] bytes) {
        try {
            return new Line.Text(StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(bytes))
                    .toString());
        } catch (CharacterCodingException e) {
            return new Line.Unusable("the line is no UTF-8 text");
        }
    }

    @Override
    public void close() throws IOException {
        stream.close();
    }
}
