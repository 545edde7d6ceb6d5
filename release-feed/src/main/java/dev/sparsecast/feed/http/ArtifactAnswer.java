package dev.sparsecast.feed.http;

import com.sun.net.httpserver.HttpExchange;
import dev.sparsecast.feed.event.EventLog;
import dev.sparsecast.schemas.SubModelRelease.Artifact;
import dev.sparsecast.schemas.SubModelRelease.ArtifactKind;
import dev.sparsecast.store.ArtifactStore;
import dev.sparsecast.store.StoreException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.Optional;

/**
 * Gives out artifacts that a known release names, and nothing else of the store. A checkpoint is a directory: its listing is
 * {@code <uri>.files}, its files are {@code <uri>/<name>}.
 */
final class ArtifactAnswer {
    private final EventLog log;
    private final ArtifactStore store;

    ArtifactAnswer(EventLog log, ArtifactStore store) {
        this.log = log;
        this.store = store;
    }

    /** Answers with a file of the store; false if no release names it or the store does not have it. */
    boolean answer(HttpExchange exchange, String name) throws IOException {
        Optional<Artifact> artifact = log.after(-1).stream()
                .flatMap(event -> event.artifacts().stream())
                .filter(candidate -> isPartOf(candidate, name))
                .findFirst();
        if (artifact.isEmpty()) {
            return false;
        }
        boolean whole = artifact.get().uri().equals(name);
        try (InputStream in = store.read(name)) {
            exchange.getResponseHeaders().set("Content-Type", "application/octet-stream");
            exchange.getResponseHeaders().set("Cache-Control", "public, max-age=31536000, immutable");
            if (whole) {
                exchange.getResponseHeaders().set("ETag", "\"" + artifact.get().sha256() + "\"");
            }
            long length = whole && artifact.get().bytes() > 0 ? artifact.get().bytes() : 0; // 0: not known
            exchange.sendResponseHeaders(200, length);
            try (OutputStream out = exchange.getResponseBody()) {
                in.transferTo(out);
            }
            return true;
        } catch (StoreException e) {
            return false;
        }
    }

    private static boolean isPartOf(Artifact artifact, String name) {
        return artifact.kind() == ArtifactKind.CHECKPOINT
                ? name.equals(artifact.uri() + ".files") || name.startsWith(artifact.uri() + "/")
                : name.equals(artifact.uri());
    }
}
