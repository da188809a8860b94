using Wagi.Modules.Cgi;

namespace Wagi.Operator.Crds;

/// <summary>The CEL rule that keeps CGI meta-variables out of <c>env</c>.</summary>
internal static class MetaVariableRule
{
    public const string Expression =
        "!self.startsWith('" + MetaVariableNames.HeaderPrefix + "') && !(self in [" + MetaVariableNames.Quoted + "])";

    public const string Message = "this name is a CGI meta-variable, which the runtime sets itself for every request";
}
