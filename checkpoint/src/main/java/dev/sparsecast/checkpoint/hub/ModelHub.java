package dev.sparsecast.checkpoint.hub;

import dev.sparsecast.checkpoint.Checkpoint;
import dev.sparsecast.checkpoint.CheckpointException;
import dev.sparsecast.checkpoint.ShardIndex;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * Finds a model's directory by what a user calls the model: a directory, or {@code org/name[@revision]} on a hub, which is
 * looked up in the cache and downloaded to it if it is not there. Only the files that a model needs are downloaded.
 */
public final class ModelHub {
    private static final String CONFIG = "config.json";

    /** What is fetched where the model has it: all small, so before the weights. */
    private static final List<String> SMALL_FILES = List.of(
            "generation_config.json",
            "tokenizer.json",
            "tokenizer_config.json",
            "tokenizer.model",
            "special_tokens_map.json",
            "added_tokens.json",
            "vocab.json",
            "merges.txt",
            "chat_template.jinja");

    private static final int LONGEST_LISTING = 1 << 26;

    private final HubSettings settings;
    private final HubId id;
    private final HubCache cache;
    private final Retries retries;
    private final HubProgress progress;

    private ModelHub(HubSettings settings, HubId id, HubProgress progress) {
        this.settings = settings;
        this.id = id;
        this.cache = new HubCache(settings.cache(), id);
        this.retries = new Retries(settings.firstWait());
        this.progress = progress;
    }

    /**
     * The directory of a model: the one of that name if there is one, otherwise a snapshot in the hub's cache.
     *
     * @param model a directory or {@code org/name[@revision]}
     * @throws CheckpointException if there is no such model, or it cannot be had
     * @throws HubException if the hub did not deliver
     */
    public static Path directory(String model, HubSettings settings, HubProgress progress) {
        Path path = path(model);
        if (Files.exists(path)) {
            return path;
        }
        HubId id = HubId.parse(model)
                .orElseThrow(() -> new CheckpointException("there is no model directory " + model
                        + "; give a directory, or the id of a model on the hub, org/name or org/name@revision"));
        return new ModelHub(settings, id, progress).snapshot();
    }

    private static Path path(String model) {
        try {
            return Path.of(model);
        } catch (InvalidPathException e) {
            throw new CheckpointException("'" + model + "' is neither a directory nor the id of a model", e);
        }
    }

    private Path snapshot() {
        Optional<Path> cached = cache.commit().map(cache::snapshot);
        if (cached.isPresent()
                && (HubCache.isComplete(cached.get()) || settings.offline() && HubCache.hasModel(cached.get()))) {
            return cached.get();
        }
        if (settings.offline()) {
            throw new CheckpointException("there is no directory " + id.model() + ", and the cache " + settings.cache()
                    + " has no complete " + id + "; HF_HUB_OFFLINE is set, so it was not fetched");
        }
        try (HubConnection connection = new HubConnection(settings, id)) {
            return fetch(connection);
        } catch (IOException e) {
            throw new HubException("cannot write to the cache " + settings.cache() + " (" + e + ")", e);
        }
    }

    private Path fetch(HubConnection connection) throws IOException {
        JsonNode listing = listing(connection);
        String commit = commit(listing);
        Set<String> files = files(listing);
        if (!files.contains(CONFIG)) {
            throw new CheckpointException(
                    id + " has no " + CONFIG + " on the hub, so it is no model that could be run");
        }
        Path snapshot = cache.snapshot(commit);
        fetch(connection, commit, CONFIG);
        Checkpoint.configOf(snapshot);
        for (String file : SMALL_FILES) {
            if (files.contains(file)) {
                fetch(connection, commit, file);
            }
        }
        for (String file : weights(connection, commit, files)) {
            fetch(connection, commit, file);
        }
        cache.refer(commit);
        return snapshot;
    }

    private List<String> weights(HubConnection connection, String commit, Set<String> files) throws IOException {
        if (files.contains(ShardIndex.SINGLE)) {
            return List.of(ShardIndex.SINGLE);
        }
        if (!files.contains(ShardIndex.INDEX)) {
            throw new CheckpointException(id + " has neither " + ShardIndex.SINGLE + " nor " + ShardIndex.INDEX
                    + " on the hub; other weight formats must be converted to safetensors first");
        }
        fetch(connection, commit, ShardIndex.INDEX);
        List<String> shards =
                new ArrayList<>(ShardIndex.shards(cache.snapshot(commit).resolve(ShardIndex.INDEX)));
        for (String shard : shards) {
            if (!files.contains(shard)) {
                throw new CheckpointException(
                        "the shard " + shard + ", which the index of " + id + " names, is not on the hub");
            }
        }
        return shards;
    }

    /** Fetches one file, unless the snapshot or another one has it. */
    private void fetch(HubConnection connection, String commit, String file) throws IOException {
        if (Files.isRegularFile(cache.snapshot(commit).resolve(file))) {
            return;
        }
        URI address = connection.address(id.organization(), id.name(), "resolve", commit, file);
        BlobAddress source = retries.run(() -> {
            HttpResponse<InputStream> response = connection.head(address);
            try (InputStream body = response.body()) {
                return BlobAddress.of(file, address, response);
            }
        });
        Path blob = cache.blob(source.digest());
        try (CacheLock _ = CacheLock.take(cache.lock(source.digest()))) {
            if (!Files.exists(blob)) {
                new BlobDownload(connection, source, blob, settings.patience(), progress).run(retries);
            }
            cache.link(commit, file, source.digest());
        }
    }

    private JsonNode listing(HubConnection connection) {
        URI address = connection.address("api", "models", id.organization(), id.name(), "revision", id.revision());
        byte[] json = retries.run(() -> {
            try (InputStream body = connection.get(address, Map.of()).body()) {
                return body.readNBytes(LONGEST_LISTING);
            }
        });
        try {
            return JsonMapper.shared().readTree(json);
        } catch (JacksonException e) {
            throw new HubException(address + " did not answer with JSON; check HF_ENDPOINT", e);
        }
    }

    private String commit(JsonNode listing) {
        String commit = listing.path("sha").asString("");
        if (!HubId.isCommit(commit)) {
            throw new HubException("the hub at " + settings.endpoint() + " does not say which commit " + id
                    + " is; check HF_ENDPOINT");
        }
        return commit;
    }

    private static Set<String> files(JsonNode listing) {
        Set<String> files = new TreeSet<>();
        for (JsonNode sibling : listing.path("siblings")) {
            files.add(sibling.path("rfilename").asString(""));
        }
        return files;
    }
}
