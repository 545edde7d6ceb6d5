package dev.sparsecast.feed.webhook;

import dev.sparsecast.feed.FeedException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.util.Base64;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/** What a webhook's sender and receiver know and nobody else: 24 to 64 bytes, written {@code whsec_<base64>}. */
public final class WebhookSecret {
    private static final String PREFIX = "whsec_";
    private static final int SHORTEST = 24;
    private static final int LONGEST = 64;

    private final byte[] bytes;

    private WebhookSecret(byte[] bytes) {
        this.bytes = bytes;
    }

    /** Reads the secret in a file. */
    public static WebhookSecret read(Path file) {
        try {
            return parse(Files.readString(file).strip(), "the secret in " + file);
        } catch (IOException e) {
            throw new FeedException("cannot read the webhooks' secret from " + file + ": " + e, e);
        }
    }

    /** The secret that a text stands for. */
    public static WebhookSecret parse(String text) {
        return parse(text, "the webhooks' secret");
    }

    private static WebhookSecret parse(String text, String what) {
        FeedException unfit = new FeedException(what + " is not " + PREFIX + " and the base64 of " + SHORTEST + " to "
                + LONGEST + " bytes: make one with echo \"" + PREFIX + "$(openssl rand -base64 32)\"");
        if (!text.startsWith(PREFIX)) {
            throw unfit;
        }
        try {
            byte[] bytes = Base64.getDecoder().decode(text.substring(PREFIX.length()));
            if (bytes.length < SHORTEST || bytes.length > LONGEST) {
                throw unfit;
            }
            return new WebhookSecret(bytes);
        } catch (IllegalArgumentException e) {
            unfit.addSuppressed(e);
            throw unfit;
        }
    }

    /** {@code v1,} and the base64 of HMAC-SHA256 over {@code id.timestamp.body}, as Standard Webhooks 1.0.0 says. */
    String sign(String id, long unixSeconds, byte[] body) {
        try {
            Mac mac = Mac.getInstance("HmacSHA256");
            mac.init(new SecretKeySpec(bytes, "HmacSHA256"));
            mac.update((id + "." + unixSeconds + ".").getBytes(StandardCharsets.UTF_8));
            return "v1," + Base64.getEncoder().encodeToString(mac.doFinal(body));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every Java has HmacSHA256", e);
        }
    }
}
