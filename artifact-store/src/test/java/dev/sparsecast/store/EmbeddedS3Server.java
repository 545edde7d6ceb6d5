package dev.sparsecast.store;

import java.net.URI;
import java.util.Properties;
import org.gaul.s3proxy.AuthenticationType;
import org.gaul.s3proxy.S3Proxy;
import org.gaul.s3proxy.nio2blob.TransientNio2BlobProviderMetadata;
import org.jclouds.ContextBuilder;
import org.jclouds.blobstore.BlobStoreContext;

/** S3Proxy in this process, which keeps objects in memory. */
public final class EmbeddedS3Server implements S3Server {
    private final BlobStoreContext objects;
    private final S3Proxy proxy;

    private EmbeddedS3Server(BlobStoreContext objects, S3Proxy proxy) {
        this.objects = objects;
        this.proxy = proxy;
    }

    /** Starts one on a free port, with a bucket. */
    public static EmbeddedS3Server start() {
        BlobStoreContext objects = ContextBuilder.newBuilder(new TransientNio2BlobProviderMetadata())
                .credentials("nobody", "nothing")
                .overrides(new Properties())
                .build(BlobStoreContext.class);
        try {
            S3Proxy proxy = S3Proxy.builder()
                    .blobStore(objects.getBlobStore())
                    .endpoint(URI.create("http://127.0.0.1:0"))
                    .awsAuthentication(AuthenticationType.AWS_V4, ACCESS_KEY, SECRET_KEY)
                    .build();
            proxy.start();
            EmbeddedS3Server server = new EmbeddedS3Server(objects, proxy);
            server.makeBucket();
            return server;
        } catch (Exception e) {
            objects.close();
            throw new IllegalStateException("the embedded S3 server does not start", e);
        }
    }

    @Override
    public String endpoint() {
        return "http://127.0.0.1:" + proxy.getPort();
    }

    @Override
    public void close() {
        try {
            proxy.stop();
        } catch (Exception e) {
            throw new IllegalStateException("the embedded S3 server does not stop", e);
        } finally {
            objects.close();
        }
    }
}
