package dev.sparsecast.store;

import java.net.URI;
import java.net.URISyntaxException;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Where an S3 store lies: {@code s3://bucket/prefix?endpoint=URL&region=NAME&path-style=true|false}, all but the bucket
 * optional. Credentials are never part of it.
 *
 * @param prefix what all keys begin with: empty, or segments that each end in {@code /}
 * @param endpoint the server, if it is not Amazon's
 * @param pathStyle whether the bucket stands in the path of addresses and not in the host's name; where nothing is said,
 *     only with an endpoint
 */
record S3Address(String bucket, String prefix, Optional<URI> endpoint, Optional<String> region, boolean pathStyle) {
    private static final Pattern FORM = Pattern.compile("[sS]3://([^/?]*)/?([^?]*)(?:\\?(.*))?", Pattern.DOTALL);
    private static final Pattern BUCKET = Pattern.compile("[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]");
    private static final Pattern REGION = Pattern.compile("[a-z0-9-]{1,32}");
    private static final String EXPECTED =
            "give s3://BUCKET/PREFIX, with ?endpoint=URL and &region=NAME where they are needed";

    /** @throws StoreException saying what is wrong with it */
    static S3Address parse(String uri) {
        Matcher parts = FORM.matcher(uri);
        if (!parts.matches()) {
            throw refused(uri, "it is no address of an S3 store");
        }
        String bucket = parts.group(1);
        if (!BUCKET.matcher(bucket).matches()) {
            throw refused(uri, "'" + bucket + "' cannot be the name of a bucket");
        }
        Optional<URI> endpoint = Optional.empty();
        Optional<String> region = Optional.empty();
        Optional<Boolean> pathStyle = Optional.empty();
        String query = parts.group(3);
        for (String setting : query == null ? new String[0] : query.split("&", -1)) {
            int equals = setting.indexOf('=');
            String name = equals < 0 ? setting : setting.substring(0, equals);
            String value = equals < 0 ? "" : setting.substring(equals + 1);
            switch (name) {
                case "endpoint" -> endpoint = Optional.of(endpoint(uri, value));
                case "region" -> region = Optional.of(region(uri, value));
                case "path-style" -> pathStyle = Optional.of(truth(uri, value));
                default ->
                    throw refused(uri, "it has the setting '" + name + "'; there are endpoint, region and path-style");
            }
        }
        return new S3Address(
                bucket, prefix(uri, parts.group(2)), endpoint, region, pathStyle.orElse(endpoint.isPresent()));
    }

    private static String prefix(String uri, String path) {
        String prefix = path.endsWith("/") ? path.substring(0, path.length() - 1) : path;
        if (prefix.isEmpty()) {
            return "";
        }
        try {
            return ArtifactNames.check(prefix) + "/";
        } catch (StoreException e) {
            throw refused(uri, "its prefix cannot be used, since " + e.getMessage());
        }
    }

    private static URI endpoint(String uri, String value) {
        try {
            URI endpoint = new URI(value);
            String scheme = String.valueOf(endpoint.getScheme()).toLowerCase(Locale.ROOT);
            if (endpoint.getHost() != null
                    && endpoint.getUserInfo() == null
                    && (scheme.equals("http") || scheme.equals("https"))) {
                return endpoint;
            }
        } catch (URISyntaxException e) {
            throw refused(uri, "the endpoint '" + value + "' is no address (" + e.getReason() + ")");
        }
        throw refused(uri, "the endpoint '" + value + "' is no address such as http://localhost:8333");
    }

    private static String region(String uri, String value) {
        if (!REGION.matcher(value).matches()) {
            throw refused(uri, "'" + value + "' cannot be the name of a region");
        }
        return value;
    }

    private static boolean truth(String uri, String value) {
        return switch (value) {
            case "true" -> true;
            case "false" -> false;
            default -> throw refused(uri, "path-style is 'true' or 'false', not '" + value + "'");
        };
    }

    private static StoreException refused(String uri, String why) {
        return new StoreException("the artifact store '" + uri + "' cannot be used: " + why + "; " + EXPECTED);
    }

    /** Bucket and prefix, for messages. */
    @Override
    public String toString() {
        return "s3://" + bucket + "/" + prefix;
    }
}
