using System.Reflection;
using Microsoft.Extensions.Logging;
using Wagi.Runtime.Composition;

namespace Wagi.Runtime.Tests.Composition;

public sealed class LogEventTests
{
    /// <summary>A message without a number gets one that is computed from its method's name.</summary>
    [Fact]
    public void EventIds_AreUnique()
    {
        var events =
            from type in typeof(WagiServer).Assembly.GetTypes()
            from method in type.GetMethods(BindingFlags.Instance | BindingFlags.Static | BindingFlags.NonPublic | BindingFlags.Public | BindingFlags.DeclaredOnly)
            let message = method.GetCustomAttribute<LoggerMessageAttribute>()
            where message is not null
            group $"{type.Name}.{method.Name}" by message.EventId is 0 or -1 ? method.Name : $"{message.EventId}";
        var list = events.ToList();
        Assert.NotEmpty(list);
        Assert.All(list, users => Assert.Single(users));
    }
}
