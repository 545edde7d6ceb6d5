package dev.sparsecast.it;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.Map;
import tools.jackson.databind.json.JsonMapper;

/** A schema registry as seen through Confluent's REST API, without Confluent's client. */
final class Registry {
    private Registry() {}

    static String subjects(String url) throws IOException, InterruptedException {
        return send("GET", url + "/subjects", "").body();
    }

    /** The latest version of a subject, with its id and schema. */
    static String latest(String url, String subject) throws IOException, InterruptedException {
        return send("GET", url + "/subjects/" + subject + "/versions/latest", "")
                .body();
    }

    static void requireBackwardCompatibility(String url) throws IOException, InterruptedException {
        send("PUT", url + "/config", "{\"compatibility\":\"BACKWARD\"}");
    }

    /** Registers a record with the given fields, each as JSON, and returns the HTTP status. */
    static int register(String url, String subject, String... fields) throws IOException, InterruptedException {
        String schema = "{\"type\":\"record\",\"name\":\"R\",\"fields\":[" + String.join(",", fields) + "]}";
        String body = JsonMapper.shared().writeValueAsString(Map.of("schema", schema));
        return send("POST", url + "/subjects/" + subject + "/versions", body).statusCode();
    }

    private static HttpResponse<String> send(String method, String url, String json)
            throws IOException, InterruptedException {
        HttpRequest request = HttpRequest.newBuilder(URI.create(url))
                .header("Content-Type", "application/vnd.schemaregistry.v1+json")
                .method(method, HttpRequest.BodyPublishers.ofString(json))
                .build();
        try (HttpClient client = HttpClient.newHttpClient()) {
            return client.send(request, HttpResponse.BodyHandlers.ofString());
        }
    }
}
