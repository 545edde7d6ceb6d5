package dev.sparsecast.deployer.installation;

import dev.sparsecast.deployer.state.InstalledVersion;
import dev.sparsecast.deployer.state.StateDirectory;
import dev.sparsecast.deployer.state.SubModelDirectory;
import dev.sparsecast.schemas.SubModelDeployment;
import dev.sparsecast.schemas.signing.KeyRing;
import dev.sparsecast.schemas.signing.Revocation;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Versions in use whose releases were signed by a key that was revoked since. They stay in use, for they were checked
 * against the base model and their mask, and nothing better may be there; but somebody should know.
 */
public final class RevokedVersions {
    private static final Logger LOG = LoggerFactory.getLogger(RevokedVersions.class);

    private final StateDirectory state;

    public RevokedVersions(StateDirectory state) {
        this.state = state;
    }

    /**
     * Looks at what is in use.
     *
     * @param outcome told of each such version, once for good
     * @return the sub-models that have one
     */
    public Set<String> report(KeyRing keys, Consumer<SubModelDeployment> outcome) {
        Set<String> found = new TreeSet<>();
        state.current().forEach((submodel, version) -> {
            SubModelDirectory directory = state.subModel(submodel);
            Optional<InstalledVersion> installed = directory.installed(version);
            Optional<Revocation> revocation =
                    installed.map(InstalledVersion::keyId).flatMap(keys::revocation);
            if (installed.isPresent() && revocation.isPresent()) {
                found.add(submodel);
                report(directory, installed.get(), revocation.get(), outcome);
            }
        });
        return found;
    }

    private static void report(
            SubModelDirectory directory,
            InstalledVersion version,
            Revocation revocation,
            Consumer<SubModelDeployment> outcome) {
        Optional<SubModelDeployment> before = version.deployment();
        if (before.isEmpty() || before.get().reason().contains(revocation.sentence())) {
            return; // not in use for good yet, or reported
        }
        SubModelDeployment deployment = before.get().withReason("it stays in use, although " + revocation.sentence());
        LOG.atWarn()
                .addKeyValue("submodel", deployment.submodel())
                .addKeyValue("version", deployment.version())
                .log("{}", deployment.reason());
        outcome.accept(deployment);
        directory.mark(version.deployed(deployment));
    }
}
