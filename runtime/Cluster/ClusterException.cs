using System.Net;
using System.Text.Json;
using Wagi.Kubernetes.ApiServer;

namespace Wagi.Runtime.Cluster;

/// <summary>A cluster does not do what a command wants. The message is for the user.</summary>
/// <param name="message">What was wrong, and what to do.</param>
internal sealed class ClusterException(string message) : Exception(message)
{
    /// <summary>Whether the user lacks a permission.</summary>
    public bool IsForbidden { get; private init; }

    /// <summary>What to tell the user of a failed request; null: the exception is about something else.</summary>
    /// <param name="exception">Why it failed.</param>
    /// <param name="address">Where the API server is.</param>
    /// <param name="verb">What was asked for, as a role names it: <c>list</c>.</param>
    /// <param name="resource">Of what.</param>
    /// <param name="namespace">Where; null: in all namespaces.</param>
    public static ClusterException? From(Exception exception, Uri address, string verb, ApiResource resource, string? @namespace) => exception switch
    {
        ApiServerException { IsUnknownResource: true } when resource.Group.Length > 0 => new(
            "WagiOperator is not installed in this cluster: "
            + "helm install wagi charts/wagi-operator --namespace wagi-system --create-namespace"),
        ApiServerException { StatusCode: HttpStatusCode.Unauthorized } => new(
            $"{address} does not accept the credentials of the kubeconfig: log in again, or name another with --context or --kubeconfig"),
        ApiServerException { IsRefused: true } => new(
            $"you may not {verb} {resource.Plural}{In(@namespace)}{RoleOf(resource, verb)}; see "
            + $"kubectl auth can-i {verb} {NameOf(resource)}{(@namespace is null ? " --all-namespaces" : $" --namespace {@namespace}")}")
        {
            IsForbidden = true,
        },
        ApiServerException { IsNotFound: true } refused when refused.Message.Contains("namespaces \"", StringComparison.Ordinal) && @namespace is not null =>
            new(ApiServerException.MissingNamespace(@namespace).Message),
        ApiServerException { IsConflict: true } refused => new($"{refused.Said}; --force-conflicts takes the fields over"),
        ApiServerException refused => new(refused.Said),
        HttpRequestException or IOException => new($"the API server {address} cannot be reached: {exception.Message}"),
        JsonException => new($"the answer of {address} is none of an API server: {exception.Message}"),
        _ => null,
    };

    private static string In(string? @namespace) => @namespace is null ? " in all namespaces" : $" in namespace '{@namespace}'";

    /// <summary>The chart gives the custom resources to the roles that every cluster has, unless it is told not to (<c>rbac.aggregate</c>).</summary>
    private static string RoleOf(ApiResource resource, string verb) =>
        resource.Group.Length == 0 ? "" : $": the cluster role '{(verb is "get" or "list" ? "view" : "edit")}' has that right, ask for it";

    private static string NameOf(ApiResource resource) => resource.Group.Length == 0 ? resource.Plural : $"{resource.Plural}.{resource.Group}";
}
