package dev.sparsecast.example;

import dev.sparsecast.deployer.DeployerService;
import dev.sparsecast.deployer.DeployerSettings;
import dev.sparsecast.deployer.Outcome;
import dev.sparsecast.deployer.SubModelListener;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.concurrent.atomic.AtomicReference;

/** A process that serves the sub-model for Python, and always has its newest good release loaded. */
public final class ServingProcess implements SubModelListener, AutoCloseable {
    private final AtomicReference<byte[]> weights = new AtomicReference<>(new byte[0]);
    private final DeployerService deployer;

    private ServingProcess(DeployerSettings settings) {
        deployer =
                DeployerService.start(settings.withSubmodels(Set.of("python")).withKeepPrevious(1), this);
    }

    /** Starts to follow the releases; what is on the disk already is loaded at once. */
    public static ServingProcess start(DeployerSettings settings) {
        return new ServingProcess(settings);
    }

    /** Another version is in use. Whatever is thrown here switches back to the version before. */
    @Override
    public void switched(String submodel, int version, Path directory) {
        try {
            weights.set(Files.readAllBytes(directory.resolve("model.safetensors")));
        } catch (IOException e) {
            throw new IllegalStateException("cannot load " + directory, e);
        }
    }

    /** What became of a release. */
    @Override
    public void finished(Outcome outcome) {
        System.out.println(
                switch (outcome) {
                    case Outcome.Deployed deployed ->
                        "version " + deployed.version() + " is in use: " + deployed.stages();
                    case Outcome.Refused refused ->
                        "version " + refused.version() + " was refused: " + refused.reason();
                    case Outcome.RolledBack back -> "version " + back.version() + " was taken back: " + back.reason();
                });
    }

    /** What answers would be made with. */
    public byte[] weights() {
        return weights.get();
    }

    /** The version in use; 0 if there is none. */
    public int version() {
        return deployer.current().getOrDefault("python", 0);
    }

    @Override
    public void close() {
        deployer.close();
    }
}
