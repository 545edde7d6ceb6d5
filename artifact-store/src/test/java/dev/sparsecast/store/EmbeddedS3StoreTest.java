package dev.sparsecast.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class EmbeddedS3StoreTest extends S3StoreContract {
    private static S3Server server;

    @BeforeAll
    static void start() {
        server = EmbeddedS3Server.start();
    }

    @AfterAll
    static void stop() {
        server.close();
    }

    @Override
    protected S3Server server() {
        return server;
    }

    /** One after the other: S3Proxy looks for the name and then writes, so of several at once more than one may be let in. */
    @Override
    @Test
    void letsOneOfSeveralWritersOfANameWin() throws Exception {
        store.put("contested/by/all", file("first"));
        for (int i = 0; i < 3; i++) {
            Path other = file("other " + i);
            assertThatThrownBy(() -> store.put("contested/by/all", other))
                    .isInstanceOf(StoreException.class)
                    .hasMessageContaining("other content");
        }
        assertThat(read("contested/by/all")).asString().isEqualTo("first");
    }

    @Test
    void saysThatTheBucketIsNotThere() throws Exception {
        Path file = file("content");
        try (S3Store lost = S3Store.open(server().address("no-such-bucket", "x"))) {
            assertThatThrownBy(() -> lost.put("a", file))
                    .isInstanceOf(StoreException.class)
                    .hasMessageContaining("'a' in s3://no-such-bucket/")
                    .hasMessageContaining("NoSuchBucket");
            assertThatThrownBy(() -> lost.list("")).isInstanceOf(StoreException.class);
        }
    }
}
