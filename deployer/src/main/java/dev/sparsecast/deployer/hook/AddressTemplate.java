package dev.sparsecast.deployer.hook;

import java.net.URI;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/** Addresses in which <code>{submodel}</code>, <code>{version}</code> and <code>{directory}</code> stand for a switch. */
final class AddressTemplate {
    private static final Switched SAMPLE = new Switched("submodel", 1, Path.of("directory"));

    private AddressTemplate() {}

    /**
     * Returns if a template gives http or https addresses.
     *
     * @throws HookException if it does not
     */
    static void check(String template) {
        URI address = fill(template, SAMPLE);
        if (address.getHost() == null || !("http".equals(address.getScheme()) || "https".equals(address.getScheme()))) {
            throw new HookException("the hook '" + template + "' is no http or https address");
        }
    }

    /** The address for a switch. */
    static URI fill(String template, Switched switched) {
        String address = template.replace("{submodel}", encoded(switched.submodel()))
                .replace("{version}", Integer.toString(switched.version()))
                .replace("{directory}", encoded(switched.directory().toString()));
        try {
            return URI.create(address);
        } catch (IllegalArgumentException e) {
            throw new HookException("the hook '" + template + "' is no http or https address", e);
        }
    }

    private static String encoded(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8);
    }
}
