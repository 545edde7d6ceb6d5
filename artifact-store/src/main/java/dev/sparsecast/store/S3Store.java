package dev.sparsecast.store;

import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.HttpURLConnection;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import software.amazon.awssdk.core.ResponseInputStream;
import software.amazon.awssdk.core.checksums.RequestChecksumCalculation;
import software.amazon.awssdk.core.checksums.ResponseChecksumValidation;
import software.amazon.awssdk.core.exception.SdkClientException;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.http.urlconnection.UrlConnectionHttpClient;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.regions.providers.AwsProfileRegionProvider;
import software.amazon.awssdk.regions.providers.AwsRegionProviderChain;
import software.amazon.awssdk.regions.providers.SystemSettingsRegionProvider;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.S3ClientBuilder;
import software.amazon.awssdk.services.s3.model.MultipartUpload;
import software.amazon.awssdk.services.s3.model.S3Exception;
import software.amazon.awssdk.services.s3.model.S3Object;

/**
 * A store in a bucket of Amazon S3 or of a server that speaks its language and knows conditional writes
 * ({@code If-None-Match}). Every upload is read back before it counts, since not every such server checks what it receives.
 * Region and credentials come from where the AWS SDK looks for them: environment, system properties, profile, container.
 */
public final class S3Store implements ArtifactStore {
    private static final Logger LOG = LoggerFactory.getLogger(S3Store.class);
    private static final Duration CONNECT_PATIENCE = Duration.ofSeconds(10);
    private static final Duration READ_PATIENCE = Duration.ofSeconds(60);
    private static final Duration ABANDONED = Duration.ofDays(1);
    private static final long PART_BYTES = 16L << 20;
    private static final int ATTEMPTS = 10;

    private final S3Address address;
    private final S3Client client;
    private final S3Upload upload;
    private final Clock clock;
    private final AtomicBoolean tidied = new AtomicBoolean();

    private S3Store(S3Address address, S3Client client, long partBytes, Clock clock) {
        this.address = address;
        this.client = client;
        this.upload = new S3Upload(client, address.bucket(), partBytes);
        this.clock = clock;
    }

    /**
     * Opens a store. The server is not asked yet, and a reader needs to be allowed no more than to read objects.
     *
     * @param uri {@code s3://bucket/prefix?endpoint=URL&region=NAME&path-style=true|false}
     * @throws StoreException if the address is malformed, or no region is known
     */
    public static S3Store open(String uri) {
        return open(S3Address.parse(uri), PART_BYTES, Clock.systemUTC());
    }

    static S3Store open(S3Address address, long partBytes, Clock clock) {
        return new S3Store(address, client(address), partBytes, clock);
    }

    /** A client for the server at an address. */
    static S3Client client(S3Address address) {
        S3ClientBuilder builder = S3Client.builder()
                .httpClientBuilder(UrlConnectionHttpClient.builder()
                        .connectionTimeout(CONNECT_PATIENCE)
                        .socketTimeout(READ_PATIENCE))
                // what the SDK adds by default, servers other than Amazon's may refuse
                .requestChecksumCalculation(RequestChecksumCalculation.WHEN_REQUIRED)
                .responseChecksumValidation(ResponseChecksumValidation.WHEN_REQUIRED)
                .serviceConfiguration(service -> service.chunkedEncodingEnabled(false))
                .forcePathStyle(address.pathStyle());
        address.region().map(Region::of).ifPresent(builder::region);
        address.endpoint().ifPresent(endpoint -> {
            builder.endpointOverride(endpoint);
            if (address.region().isEmpty()) {
                builder.region(localRegion());
            }
        });
        try {
            return builder.build();
        } catch (SdkClientException e) {
            throw new StoreException(
                    "the artifact store " + address + " cannot be used: " + e.getMessage()
                            + "; give its region by ?region=NAME or AWS_REGION",
                    e);
        }
    }

    /** The region that is set on this machine; of a server other than Amazon's it hardly matters which. */
    private static Region localRegion() {
        try {
            return new AwsRegionProviderChain(new SystemSettingsRegionProvider(), new AwsProfileRegionProvider())
                    .getRegion();
        } catch (SdkClientException e) {
            return Region.US_EAST_1;
        }
    }

    @Override
    public Stored put(String name, Path file) {
        String key = key(name);
        Stored offered = ContentDigest.of(file);
        try {
            if (exists(name)) {
                return sameContent(name, offered);
            }
            abortAbandoned();
            if (!send(key, file, offered.bytes())) {
                return sameContent(name, offered);
            }
            Stored stored = content(name);
            if (!stored.equals(offered)) {
                // not deleted: where a server's condition is not atomic, it may be what another writer sent
                throw new StoreException("the artifact '" + name + "' reads back from " + address
                        + " differently from how it was sent: check the server, delete the object and try again");
            }
            return stored;
        } catch (SdkException e) {
            throw failed("store", name, e);
        } catch (IOException e) {
            throw new StoreException("cannot store the artifact '" + name + "' in " + address + ": " + e, e);
        }
    }

    /** Sends a file; false if there is an object of that key already. */
    private boolean send(String key, Path file, long bytes) throws IOException {
        for (int attempt = 1; ; attempt++) {
            try {
                upload.send(key, file, bytes);
                return true;
            } catch (S3Exception e) {
                if (e.statusCode() == HttpURLConnection.HTTP_PRECON_FAILED) {
                    return false;
                }
                // two at once, and the server does not know yet which one wins
                if (e.statusCode() != HttpURLConnection.HTTP_CONFLICT || attempt == ATTEMPTS) {
                    throw e;
                }
            }
        }
    }

    private Stored sameContent(String name, Stored offered) throws IOException {
        Stored present = content(name);
        if (!present.equals(offered)) {
            throw new StoreException(
                    "the artifact '" + name + "' is in the store with other content (" + present.sha256()
                            + ", offered is " + offered.sha256() + "): artifacts never change, use another name");
        }
        return present;
    }

    private Stored content(String name) throws IOException {
        try (InputStream in = read(name)) {
            return ContentDigest.copy(in, OutputStream.nullOutputStream(), Long.MAX_VALUE);
        }
    }

    /** Once for each store that is written to. */
    private void abortAbandoned() {
        if (!tidied.compareAndSet(false, true)) {
            return;
        }
        Instant oldest = clock.instant().minus(ABANDONED);
        try {
            client
                    .listMultipartUploadsPaginator(
                            list -> list.bucket(address.bucket()).prefix(address.prefix()))
                    .uploads()
                    .stream()
                    .filter(found -> found.initiated().isBefore(oldest))
                    .forEach(this::abort);
        } catch (SdkException e) {
            LOG.atWarn()
                    .addKeyValue("store", address)
                    .log("cannot remove what a writer left unfinished, which only takes space: {}", reason(e));
        }
    }

    private void abort(MultipartUpload found) {
        client.abortMultipartUpload(
                abort -> abort.bucket(address.bucket()).key(found.key()).uploadId(found.uploadId()));
    }

    @Override
    public InputStream read(String name) {
        String key = key(name);
        try {
            return new Content(
                    client.getObject(get -> get.bucket(address.bucket()).key(key)));
        } catch (SdkException e) {
            throw failed("read", name, e);
        }
    }

    @Override
    public boolean exists(String name) {
        String key = key(name);
        try {
            client.headObject(head -> head.bucket(address.bucket()).key(key));
            return true;
        } catch (S3Exception e) {
            if (e.statusCode() == HttpURLConnection.HTTP_NOT_FOUND) {
                return false;
            }
            throw failed("find", name, e);
        } catch (SdkException e) {
            throw failed("find", name, e);
        }
    }

    @Override
    public List<String> list(String prefix) {
        int slash = prefix.lastIndexOf('/');
        if (slash >= 0) {
            ArtifactNames.check(prefix.substring(0, slash));
        }
        try {
            return client
                    .listObjectsV2Paginator(
                            list -> list.bucket(address.bucket()).prefix(address.prefix() + prefix))
                    .contents()
                    .stream()
                    .map(S3Object::key)
                    .map(key -> key.substring(address.prefix().length()))
                    .filter(ArtifactNames::isOne)
                    .sorted()
                    .toList();
        } catch (SdkException e) {
            throw failed("list", prefix, e);
        }
    }

    @Override
    public void delete(String name) {
        String key = key(name);
        try {
            client.deleteObject(delete -> delete.bucket(address.bucket()).key(key));
        } catch (SdkException e) {
            throw failed("delete", name, e);
        }
    }

    @Override
    public void close() {
        client.close();
    }

    private String key(String name) {
        return address.prefix() + ArtifactNames.check(name);
    }

    private StoreException failed(String what, String name, SdkException failure) {
        if (failure instanceof S3Exception answer && "NoSuchKey".equals(code(answer))) {
            return new StoreException("there is no artifact '" + name + "' in " + address, failure);
        }
        return new StoreException(
                "cannot " + what + " the artifact '" + name + "' in " + address + ": " + reason(failure), failure);
    }

    private static String reason(SdkException failure) {
        String message = String.valueOf(failure.getMessage());
        if (failure instanceof S3Exception answer) {
            String details = answer.awsErrorDetails() == null
                    ? null
                    : answer.awsErrorDetails().errorMessage();
            return (details == null || details.isEmpty() ? "the server refuses" : details) + " (" + code(answer)
                    + ", status " + answer.statusCode() + ")";
        }
        if (message.startsWith("Unable to load credentials")) {
            return "there are no credentials; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or another source that"
                    + " the AWS SDK knows";
        }
        return message;
    }

    private static String code(S3Exception answer) {
        if (answer.awsErrorDetails() == null || answer.awsErrorDetails().errorCode() == null) {
            return "no code";
        }
        return answer.awsErrorDetails().errorCode();
    }

    /** An object's content, whose troubles are those of any other stream; what is not read to its end is not fetched. */
    private static final class Content extends FilterInputStream {
        private final ResponseInputStream<?> response;
        private boolean ended;

        Content(ResponseInputStream<?> response) {
            super(response);
            this.response = response;
        }

        @Override
        public int read() throws IOException {
            byte[] one = new byte[1];
            return read(one, 0, 1) < 0 ? -1 : Byte.toUnsignedInt(one[0]);
        }

        @Override
        public int read(byte[] bytes, int offset, int length) throws IOException {
            try {
                int read = response.read(bytes, offset, length);
                ended |= read < 0;
                return read;
            } catch (SdkException e) {
                throw new IOException("the server stopped answering: " + reason(e), e);
            }
        }

        @Override
        public void close() throws IOException {
            if (ended) {
                response.close();
            } else {
                response.abort();
            }
        }
    }
}
