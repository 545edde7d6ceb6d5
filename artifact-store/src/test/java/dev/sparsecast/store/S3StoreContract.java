package dev.sparsecast.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sparsecast.store.ArtifactStore.Stored;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import software.amazon.awssdk.core.sync.RequestBody;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.model.MultipartUpload;

/** What a store must do on every server that speaks S3. */
public abstract class S3StoreContract extends ArtifactStoreContract {
    private static final String BUCKET = S3Server.BUCKET;

    /** The least that S3 takes as a part. */
    protected static final int PART = 5 << 20;

    private final String prefix = "models/" + UUID.randomUUID();
    private S3Client client;

    /** The server of this test class. */
    protected abstract S3Server server();

    @Override
    protected ArtifactStore open() {
        return open(Clock.systemUTC());
    }

    private S3Store open(Clock clock) {
        return S3Store.open(address(), PART, clock);
    }

    private S3Address address() {
        return S3Address.parse(server().store(prefix));
    }

    @BeforeEach
    void openClient() {
        client = S3Store.client(address());
    }

    @AfterEach
    void closeClient() {
        client.close();
    }

    @Test
    void keepsToItsPrefix() throws Exception {
        client.putObject(put -> put.bucket(BUCKET).key(prefix + "-other"), RequestBody.fromString("not ours"));

        store.put("a/b", file("content"));

        assertThat(store.list("")).containsExactly("a/b");
        assertThat(client.getObjectAsBytes(get -> get.bucket(BUCKET).key(prefix + "/a/b"))
                        .asUtf8String())
                .isEqualTo("content");
    }

    @Test
    void passesOverObjectsThatAreNoArtifacts() throws Exception {
        store.put("a/b", file("content"));
        client.putObject(put -> put.bucket(BUCKET).key(prefix + "/with space"), RequestBody.fromString("theirs"));

        assertThat(store.list("")).containsExactly("a/b");
    }

    @Test
    void givesBackLargeFilesThatAreSentInParts() throws Exception {
        byte[] content = new byte[2 * PART + 4321];
        new Random(1).nextBytes(content);
        Path file = file(content);

        Stored stored = store.put("python/1/checkpoint/model.safetensors", file);

        assertThat(stored).isEqualTo(ContentDigest.of(file));
        assertThat(read("python/1/checkpoint/model.safetensors")).isEqualTo(content);
        assertThat(unfinished()).isEmpty();
    }

    @Test
    void leavesNothingOfAFileThatCannotBeReadToItsEnd() throws Exception {
        Path file = file(new byte[2 * PART]);
        S3Upload upload = new S3Upload(client, BUCKET, PART);

        assertThatThrownBy(() -> upload.send(prefix + "/a/b", file, 3L * PART))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("became shorter");

        assertThat(store.exists("a/b")).isFalse();
        assertThat(unfinished()).isEmpty();
    }

    @Test
    void neverShowsWhatIsNotSentCompletely() throws Exception {
        beginUpload("a/b");

        assertThat(store.exists("a/b")).isFalse();
        assertThat(store.list("")).isEmpty();
        assertThatThrownBy(() -> store.read("a/b")).isInstanceOf(StoreException.class);
    }

    @Test
    void removesWhatWasAbandonedLongAgoWhenSomethingIsStored() throws Exception {
        beginUpload("a/b");
        store.put("c", file("content"));
        assertThat(unfinished()).hasSize(1);

        try (S3Store later = open(Clock.offset(Clock.systemUTC(), Duration.ofDays(2)))) {
            later.put("d", file("content"));
        }

        assertThat(unfinished()).isEmpty();
    }

    @Test
    void keepsWhatIsThereWithTheSameContentAndGoesOn() throws Exception {
        Path directory = Files.createDirectories(files.resolve("checkpoint"));
        Files.writeString(directory.resolve("config.json"), "{}");
        Files.writeString(directory.resolve("model.safetensors"), "weights");
        store.put("python/2/checkpoint/config.json", directory.resolve("config.json"));

        Stored stored = DirectoryArtifact.put(store, "python/2/checkpoint", directory);
        DirectoryArtifact.fetch(store, "python/2/checkpoint", stored, files.resolve("fetched"));

        assertThat(files.resolve("fetched/model.safetensors")).hasContent("weights");
        assertThat(store.list("python/2/"))
                .containsExactly(
                        "python/2/checkpoint.files",
                        "python/2/checkpoint/config.json",
                        "python/2/checkpoint/model.safetensors");
    }

    @Test
    void stopsInTheMiddleOfALargeFile() throws Exception {
        store.put("large", file(new byte[PART]));

        try (InputStream in = store.read("large")) {
            assertThat(in.read()).isZero();
        }

        assertThat(read("large")).hasSize(PART);
    }

    private void beginUpload(String name) {
        String key = prefix + "/" + name;
        String upload = client.createMultipartUpload(
                        create -> create.bucket(BUCKET).key(key))
                .uploadId();
        client.uploadPart(
                part -> part.bucket(BUCKET).key(key).uploadId(upload).partNumber(1),
                RequestBody.fromBytes(new byte[PART]));
    }

    /** Uploads in parts that were begun and neither completed nor aborted. */
    protected List<MultipartUpload> unfinished() {
        return client.listMultipartUploads(list -> list.bucket(BUCKET).prefix(prefix))
                .uploads();
    }
}
