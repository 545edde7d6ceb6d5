package dev.sparsecast.checkpoint.hub;

import java.net.URI;
import java.net.http.HttpHeaders;
import java.net.http.HttpResponse;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * What the hub says of a file.
 *
 * @param file its name
 * @param address where to get it
 * @param digest the SHA-256 of a large file, or git's SHA-1 of a small one, in hex
 * @param size its bytes
 */
record BlobAddress(String file, URI address, String digest, long size) {
    private static final String LARGE_DIGEST = "X-Linked-Etag";
    private static final String LARGE_SIZE = "X-Linked-Size";
    private static final Pattern DIGEST = Pattern.compile("[0-9a-f]{40}|[0-9a-f]{64}");

    /** Whether the response describes a large file, whichever host has it. */
    static boolean isDescribed(HttpResponse<?> response) {
        return response.headers().firstValue(LARGE_DIGEST).isPresent();
    }

    /**
     * Reads a response to HEAD.
     *
     * @throws HubException if it does not say enough to check what will arrive
     */
    static BlobAddress of(String file, URI address, HttpResponse<?> response) {
        HttpHeaders headers = response.headers();
        Optional<String> size = headers.firstValue(LARGE_SIZE)
                .or(() -> response.statusCode() < 300 ? headers.firstValue("Content-Length") : Optional.empty());
        String digest = headers.firstValue(LARGE_DIGEST)
                .or(() -> headers.firstValue("ETag"))
                .map(tag -> tag.replaceFirst("^W/", "").replace("\"", ""))
                .orElse("");
        if (!DIGEST.matcher(digest).matches()
                || !size.map(text -> text.matches("[0-9]{1,18}")).orElse(false)) {
            throw new HubException("the hub does not say how large " + address
                    + " is and what its digest is, so that it could be checked; check HF_ENDPOINT");
        }
        return new BlobAddress(file, address, digest, Long.parseLong(size.orElseThrow()));
    }

    boolean isSha256() {
        return digest.length() == 64;
    }
}
