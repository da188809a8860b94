namespace Wagi.Oci.Content;

/// <summary>Annotation keys of the OCI image spec 1.1 ("Annotations").</summary>
public static class AnnotationKeys
{
    /// <summary>When the artifact was built, RFC 3339.</summary>
    public const string Created = "org.opencontainers.image.created";

    /// <summary>On a layer: the file name that ORAS gives it when it pulls.</summary>
    public const string Title = "org.opencontainers.image.title";
}
