package dev.sparsecast.store;

/** A server that speaks S3, for tests. */
public interface S3Server extends AutoCloseable {
    /** Access key that the server lets in. */
    String ACCESS_KEY = "sparsecast";

    /** Secret key of {@link #ACCESS_KEY}. */
    String SECRET_KEY = "sparsecast-secret";

    /** A bucket that is there. */
    String BUCKET = "releases";

    /** Where it listens, such as {@code http://127.0.0.1:8333}. */
    String endpoint();

    /** The address of a store in {@link #BUCKET}. */
    default String store(String prefix) {
        return address(BUCKET, prefix);
    }

    /** The address of a store in another bucket, which may be there or not. */
    default String address(String bucket, String prefix) {
        return "s3://" + bucket + "/" + prefix + "?endpoint=" + endpoint() + "&region=us-east-1";
    }

    /** Makes {@link #BUCKET}. */
    default void makeBucket() {
        useCredentials();
        try (var client = S3Store.client(S3Address.parse(store("")))) {
            client.createBucket(create -> create.bucket(BUCKET));
        }
    }

    /** Gives this process the server's credentials, where the AWS SDK looks for them. */
    static void useCredentials() {
        System.setProperty("aws.accessKeyId", ACCESS_KEY);
        System.setProperty("aws.secretAccessKey", SECRET_KEY);
    }

    @Override
    void close();
}
