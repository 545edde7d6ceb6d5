package dev.sparsecast.schemas;

import java.util.List;

/** Key of a sub-model's releases: {@code model/submodel}. */
public record SubModelKey(String model, String submodel) {
    public SubModelKey {
        Names.revision(model);
        Names.label("sub-model", submodel);
    }

    /**
     * The key of {@code model/submodel}.
     *
     * @throws IllegalArgumentException if it is none
     */
    public static SubModelKey parse(String key) {
        List<String> parts = List.of(key.split("/", -1));
        if (parts.size() != 2) {
            throw new IllegalArgumentException("key '" + key + "' is not of the form model/submodel");
        }
        return new SubModelKey(parts.get(0), parts.get(1));
    }

    /** Key of what a deployer reports of this sub-model: {@code model/submodel/deployer}. */
    public String deployment(String deployer) {
        return this + "/" + Names.label("deployer", deployer);
    }

    /** Key of a command about this sub-model: {@code model/submodel/id}. */
    public String command(String id) {
        return this + "/" + id;
    }

    /** The key as it stands on the wire. */
    @Override
    public String toString() {
        return model + "/" + submodel;
    }
}
