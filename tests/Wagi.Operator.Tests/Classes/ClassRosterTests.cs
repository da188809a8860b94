using k8s.Models;
using Wagi.Kubernetes.Resources;
using Wagi.Operator.Classes;

namespace Wagi.Operator.Tests.Classes;

public sealed class ClassRosterTests
{
    private static readonly DateTime Start = new(2026, 3, 1, 12, 0, 0, DateTimeKind.Utc);

    [Theory]
    [InlineData(null, "shared")] // Names none: the default class.
    [InlineData("", "shared")]
    [InlineData("shared", "shared")]
    [InlineData("trusted", "trusted")]
    [InlineData("typo", "shared")] // There is none: the default class's operator has to say so.
    public void EveryModule_BelongsToExactlyOneOperator(string? className, string owner)
    {
        WagiClass[] classes = [Class("trusted", age: 9), Class("shared", age: 5, isDefault: true), Class("late", age: 1, isDefault: true)];

        var owners = new[] { null, "trusted", "shared", "late" }.Where(own => new ClassRoster(classes, own).IsOwn(Module(className)));

        Assert.Equal([owner], owners);
    }

    [Theory]
    [InlineData(null, null)]
    [InlineData("a", "a")]
    [InlineData("typo", "a")] // No default: the oldest.
    public void WithoutADefault_ModulesWithoutClass_AreThoseOfAnOperatorWithoutOne(string? className, string? owner)
    {
        WagiClass[] classes = [Class("a", age: 2), Class("b", age: 1)];

        var owners = new[] { null, "a", "b" }.Where(own => new ClassRoster(classes, own).IsOwn(Module(className)));

        Assert.Equal([owner], owners);
    }

    [Fact]
    public void OperatorWithoutAnyClass_IsAnsweredForUnknownNames()
    {
        var roster = new ClassRoster([], null);

        Assert.True(roster.IsOwn(Module(null)));
        Assert.True(roster.IsOwn(Module("typo")));
        Assert.Equal("typo", roster.Unknown(Module("typo")));
    }

    [Fact]
    public void OperatorThatCannotSeeClasses_LeavesModulesWithClassAlone()
    {
        var roster = new ClassRoster(null, null);

        Assert.True(roster.IsOwn(Module(null)));
        Assert.False(roster.IsOwn(Module("shared")));
    }

    [Fact]
    public void OperatorWhoseClassIsGone_DecidesNothing()
    {
        Assert.True(new ClassRoster([Class("other", age: 1)], "shared").IsMissing);
        Assert.False(new ClassRoster([], null).IsMissing);
    }

    private static WagiModule Module(string? className) => new()
    {
        Metadata = new V1ObjectMeta { Name = "hello", NamespaceProperty = "default" },
        Spec = new WagiModuleSpec { Route = "/", Module = "example/hello:v1", ClassName = className },
    };

    private static WagiClass Class(string name, int age, bool isDefault = false) => new()
    {
        Metadata = new V1ObjectMeta
        {
            Name = name,
            CreationTimestamp = Start.AddHours(-age),
            Annotations = new Dictionary<string, string> { [WagiClass.DefaultAnnotation] = isDefault ? "true" : "false" },
        },
    };
}
