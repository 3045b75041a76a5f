"""The choices an application offers: products, papers of identity, purposes, and the rest."""

from enum import StrEnum


class ProductType(StrEnum):
    """How often a loan is repaid."""

    MONTHLY = "monthly_loan"
    BIWEEKLY = "biweekly_loan"
    WEEKLY = "weekly_loan"
    DAILY = "daily_loan"


class IdCardType(StrEnum):
    """The papers a person can prove their identity with."""

    CAMBODIAN_IDENTITY = "cambodian_identity"
    PASSPORT = "passport"
    DRIVER_LICENSE = "driver-license"
    GOV_CARD = "gov-card"
    MONK_CARD = "monk-card"
    FAMILY_BOOK = "family-book"
    BIRTH_CERTIFICATE = "birth-certificate"
    OTHER = "other"


class LoanPurpose(StrEnum):
    """What the money is for."""

    COMMERCE = "commerce"
    AGRICULTURE = "agriculture"
    EDUCATION = "education"
    HOUSING = "housing"
    VEHICLE = "vehicle"
    MEDICAL = "medical"
    OTHER = "other"


class Sex(StrEnum):
    """As written in the identity paper."""

    MALE = "male"
    FEMALE = "female"
    OTHER = "other"


class MaritalStatus(StrEnum):
    """As written in the family book."""

    SINGLE = "single"
    MARRIED = "married"
    DIVORCED = "divorced"
    WIDOWED = "widowed"
    SEPARATED = "separated"


class Priority(StrEnum):
    """How soon an application should be worked on."""

    LOW = "low"
    NORMAL = "normal"
    HIGH = "high"
    URGENT = "urgent"


class RiskCategory(StrEnum):
    """How risky the officer judges the loan."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


class AssignmentRole(StrEnum):
    """What an employee does for an application."""

    PRIMARY_OFFICER = "primary_officer"
    SECONDARY_OFFICER = "secondary_officer"
    FIELD_OFFICER = "field_officer"
    REVIEWER = "reviewer"
    APPROVER = "approver"
