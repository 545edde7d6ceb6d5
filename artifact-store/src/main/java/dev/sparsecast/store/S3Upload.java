package dev.sparsecast.store;

import java.io.ByteArrayInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.core.sync.RequestBody;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.model.CompletedMultipartUpload;
import software.amazon.awssdk.services.s3.model.CompletedPart;

/**
 * Sends files to a bucket, in parts where they are large. An object is there at once and whole when the last byte has
 * arrived, and only if there is none of its key yet: of several that send one key the first to finish wins.
 */
final class S3Upload {
    /** What makes the server refuse to replace anything. */
    private static final String NOTHING_THERE = "*";

    private static final int MOST_PARTS = 10_000;

    private final S3Client client;
    private final String bucket;
    private final long partBytes;

    /** @param partBytes what is sent at once; files that are larger are sent in parts of this size, or more if they would be too many */
    S3Upload(S3Client client, String bucket, long partBytes) {
        this.client = client;
        this.bucket = bucket;
        this.partBytes = partBytes;
    }

    /**
     * Sends a file.
     *
     * @param bytes its size
     * @throws SdkException if the server does not take it; nothing of it is left there
     * @throws IOException if the file cannot be read, or has another size
     */
    void send(String key, Path file, long bytes) throws IOException {
        if (bytes <= partBytes) {
            client.putObject(put -> put.bucket(bucket).key(key).ifNoneMatch(NOTHING_THERE), RequestBody.fromFile(file));
        } else {
            sendInParts(key, file, bytes);
        }
    }

    private void sendInParts(String key, Path file, long bytes) throws IOException {
        String upload = client.createMultipartUpload(
                        create -> create.bucket(bucket).key(key))
                .uploadId();
        try {
            CompletedMultipartUpload parts = CompletedMultipartUpload.builder()
                    .parts(parts(key, upload, file, bytes))
                    .build();
            client.completeMultipartUpload(complete -> complete.bucket(bucket)
                    .key(key)
                    .uploadId(upload)
                    .ifNoneMatch(NOTHING_THERE)
                    .multipartUpload(parts));
        } catch (IOException | RuntimeException e) {
            abort(key, upload, e);
            throw e;
        }
    }

    private List<CompletedPart> parts(String key, String upload, Path file, long bytes) throws IOException {
        List<CompletedPart> parts = new ArrayList<>();
        int size = Math.toIntExact(Math.max(partBytes, Math.ceilDiv(bytes, MOST_PARTS)));
        try (InputStream in = Files.newInputStream(file)) {
            for (long sent = 0; sent < bytes; sent += size) {
                int length = (int) Math.min(size, bytes - sent);
                byte[] content = in.readNBytes(length);
                if (content.length < length) {
                    throw new EOFException(file + " became shorter while it was read");
                }
                int number = parts.size() + 1;
                String tag = client.uploadPart(
                                part -> part.bucket(bucket)
                                        .key(key)
                                        .uploadId(upload)
                                        .partNumber(number),
                                RequestBody.fromInputStream(new ByteArrayInputStream(content), length))
                        .eTag();
                parts.add(CompletedPart.builder().partNumber(number).eTag(tag).build());
            }
        }
        return parts;
    }

    private void abort(String key, String upload, Exception failure) {
        try {
            client.abortMultipartUpload(abort -> abort.bucket(bucket).key(key).uploadId(upload));
        } catch (SdkException e) {
            // it takes space until somebody opens the store a day later
            failure.addSuppressed(e);
        }
    }
}
